import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LAB_HASH, makeLabFiles, writeLab } from "./lab.fixture.ts";
import { isLabFolder, locateLab } from "./locate-lab.ts";

test("takes a Lab folder as it is, without Nix", async () => {
  await using written = await writeLab(makeLabFiles());
  expect(await isLabFolder(written.folder)).toBe(true);
  expect(await isLabFolder(tmpdir())).toBe(false);
  const located = await locateLab({ reference: written.folder, environment: { PATH: "/nonexistent" }, cwd: "/" });
  expect(located).toEqual({ folder: written.folder, storeRoot: "/" });
});

test("finds the software of a Lab inside a chroot store beside it", async () => {
  const root = await mkdtemp(join(tmpdir(), "repx-chroot-"));
  const folder = join(root, "nix/store", `${LAB_HASH}-lab`);
  await mkdir(join(folder, "lab"), { recursive: true });
  await writeFile(join(folder, "lab/lab-metadata.json"), "{}");
  const request = { reference: `nix/store/${LAB_HASH}-lab`, environment: {}, cwd: root };
  expect(await locateLab(request)).toEqual({ folder, storeRoot: root });
  await rm(root, { recursive: true });
});
