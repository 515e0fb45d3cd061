import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { buildLab } from "./build-lab.ts";

test("says that Nix is missing", async () => {
  const request = { reference: ".#lab", environment: { PATH: "/nonexistent" }, cwd: tmpdir() };
  await expect(buildLab(request)).rejects.toMatchObject({ code: "NIX_MISSING" });
});

test.each(["", "--impure"])("refuses %j as a reference", async (reference) => {
  const request = { reference, environment: {}, cwd: tmpdir() };
  await expect(buildLab(request)).rejects.toMatchObject({ code: "INPUT_INVALID" });
});
