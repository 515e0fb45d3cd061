import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readIfThere } from "./read-if-there.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-read-"));
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

test("a file is read, and one that is not there is absent", async () => {
  await writeFile(join(folder, "file"), "text");
  expect(await readIfThere(join(folder, "file"))).toBe("text");
  expect(await readIfThere(join(folder, "none"))).toBeUndefined();
  expect(await readIfThere(join(folder, "file/none"))).toBeUndefined();
  expect(await readIfThere("/dev/null")).toBe("");
});

test("a folder and a FIFO that nobody writes to are refused at once, by a name that a shell takes", async () => {
  const [inner, fifo] = [join(folder, "it's a folder"), join(folder, "fifo")];
  await mkdir(inner);
  execFileSync("mkfifo", [fifo]);
  for (const [path, word] of [
    [inner, String.raw`'${folder}/it'\''s a folder'`],
    [fifo, fifo],
  ] as const) {
    await expect(readIfThere(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: `${path} cannot be read`,
      hint: expect.stringContaining(`\`ls -l ${word}\``),
    });
  }
});
