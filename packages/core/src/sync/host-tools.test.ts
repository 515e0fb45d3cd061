import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nameToolsFolder, placeHostTools, readHostTools, stageHostTools } from "./host-tools.ts";

const HASH = "9a".repeat(32);
let scratch: string;
let lab: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-host-tools-"));
  lab = join(scratch, "lab");
  await mkdir(join(lab, "store"), { recursive: true });
});
afterEach(async () => rm(scratch, { recursive: true, force: true }));

async function writeTools(folder: string, tools: Readonly<Record<string, string>>): Promise<void> {
  const bin = join(lab, "host-tools", folder, "bin");
  await mkdir(bin, { recursive: true });
  for (const [name, program] of Object.entries(tools)) {
    await writeFile(join(lab, "store", program), `#!/bin/sh\necho ${program}\n`, { mode: 0o444 });
    await symlink(`../../../store/${program}`, join(bin, name));
  }
}

test("a folder that is named by a hash keeps its name on the target", async () => {
  await writeTools(HASH, { bash: "aa-bash" });
  const tools = await readHostTools(lab);
  expect(tools?.hash).toBe(HASH);
  expect(tools && placeHostTools(tools, "/staging")).toEqual({
    source: `/staging/host-tools/${HASH}`,
    destination: `host-tools/${HASH}`,
  });
});

test("any other name gives way to a hash over names and contents", async () => {
  await writeTools("tools", { bash: "aa-bash" });
  const first = await readHostTools(lab);
  expect(first?.hash).toMatch(/^[0-9a-f]{64}$/);
  await writeFile(join(lab, "store/bb-bash"), "#!/bin/sh\necho another\n");
  await rm(join(lab, "host-tools/tools/bin/bash"));
  await symlink("../../../store/bb-bash", join(lab, "host-tools/tools/bin/bash"));
  const second = await readHostTools(lab);
  expect(second?.hash).not.toBe(first?.hash);
});

test("the staged tools are files that run, whatever their names, and one program under many names is one file", async () => {
  await writeTools(HASH, { "[": "aa-coreutils", ls: "aa-coreutils2", tar: "bb-tar" });
  await rm(join(lab, "host-tools", HASH, "bin/ls"));
  await symlink("../../../store/aa-coreutils", join(lab, "host-tools", HASH, "bin/ls"));
  const tools = await readHostTools(lab);
  if (tools === undefined) throw new Error("no tools");
  await stageHostTools(tools, scratch);
  const bin = join(scratch, nameToolsFolder(tools), "bin");
  expect((await readdir(bin)).toSorted()).toEqual(["[", "ls", "tar"]);
  const [bracket, list, tar] = await Promise.all(["[", "ls", "tar"].map(async (name) => stat(join(bin, name))));
  expect([bracket?.ino === list?.ino, bracket?.ino === tar?.ino]).toEqual([true, false]);
  expect((tar?.mode ?? 0) & 0o777).toBe(0o555);
  expect(await readFile(join(bin, "tar"), "utf8")).toContain("bb-tar");
});

test("a Lab without host tools, or with an empty folder of them, has none", async () => {
  expect(await readHostTools(lab)).toBeUndefined();
  await mkdir(join(lab, "host-tools/x/bin"), { recursive: true });
  expect(await readHostTools(lab)).toBeUndefined();
});

test.each([
  ["a link to a file outside of the Lab", "../../../../secret"],
  ["an absolute link", "/etc/passwd"],
  ["a link that leads nowhere", "../../../store/nothing"],
  ["a link to a folder", "../../../store"],
])("%s is refused, and never sent", async (_, target) => {
  await writeFile(join(scratch, "secret"), "secret\n");
  await mkdir(join(lab, "host-tools", HASH, "bin"), { recursive: true });
  await symlink(target, join(lab, "host-tools", HASH, "bin/tool"));
  await expect(readHostTools(lab)).rejects.toMatchObject({ code: "LAB_INVALID" });
});
