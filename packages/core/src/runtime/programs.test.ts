import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPrograms } from "./programs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-programs-"));
  await writeFile(join(folder, "repx-job"), "#!/bin/sh\n");
});
afterEach(async () => rm(folder, { recursive: true }));

test("the same programs have the same hash, on every machine", async () => {
  expect((await readPrograms(folder)).hash).toBe("7a39f41dd0214561be92df8acfc2c9525cefda06bdaa05f5c2fa80ffb2e35f26");
});

test("a changed content and a changed name both change the hash", async () => {
  const before = (await readPrograms(folder)).hash;
  await writeFile(join(folder, "repx-job"), "#!/bin/sh\n#\n");
  const changed = (await readPrograms(folder)).hash;
  await rm(join(folder, "repx-job"));
  await writeFile(join(folder, "repx-jobs"), "#!/bin/sh\n");
  const renamed = (await readPrograms(folder)).hash;
  expect(new Set([before, changed, renamed]).size).toBe(3);
});
