import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocal } from "../target/transport/local.ts";
import { findMissing } from "./find-missing.ts";

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "repx-find-missing-"));
});
afterEach(async () => rm(base, { recursive: true, force: true }));

test("finds what is not there, in the order in which it was asked for", async () => {
  await using transport = await openLocal();
  await mkdir(join(base, "host-tools/a"), { recursive: true });
  await writeFile(join(base, "file"), "");
  await symlink("nowhere", join(base, "link"));
  const places = ["host-tools/b", "host-tools/a", "file", "link", "artifacts/images/x.tar"];
  expect(await findMissing(transport, base, places)).toEqual(["host-tools/b", "artifacts/images/x.tar"]);
  expect(await findMissing(transport, base, [])).toEqual([]);
});

test("where the base path is not there, everything is missing", async () => {
  await using transport = await openLocal();
  expect(await findMissing(transport, join(base, "nothing"), ["a", "b"])).toEqual(["a", "b"]);
});

test("refuses what is no place under a base path", async () => {
  await using transport = await openLocal();
  await expect(findMissing(transport, base, ["a\nb"])).rejects.toThrow(TypeError);
});
