import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTarget } from "./read-target.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "repx-target-"));
  await mkdir(join(root, "study/deep/.."), { recursive: true });
});

afterEach(async () => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function read(target: string | undefined, folder = "study"): Promise<string | undefined> {
  const environment = { HOME: root, XDG_CONFIG_DIRS: join(root, "none") };
  return readTarget({ text: () => target, cwd: join(root, folder), environment });
}

test("takes a path as it is, and nothing where none is given", async () => {
  expect(await read("./here")).toBe(join(root, "study/here"));
  expect(await read(undefined)).toBeUndefined();
});

test("takes a name from the project's file over the user's, key by key", async () => {
  await write(".config/repx/config.toml", '[targets.a]\nbase_path = "/a"\n[targets.b]\nbase_path = "/b"\n');
  await write("study/.repx/config.toml", '[targets.b]\nbase_path = "/project"\n');
  expect([await read("a"), await read("b")]).toEqual(["/a", "/project"]);
});

test("finds the project's file from a folder below", async () => {
  await write("study/.repx/config.toml", '[targets.b]\nbase_path = "/project"\n');
  await mkdir(join(root, "study/deep/er"), { recursive: true });
  expect(await read("b", "study/deep/er")).toBe("/project");
});

test("says where a config file would be looked for, and that a path would do", async () => {
  await expect(read("far")).rejects.toMatchObject({
    code: "CONFIG_MISSING",
    message: expect.stringContaining(join(root, ".config/repx/config.toml")),
    hint: expect.stringContaining("--target ./far"),
  });
});

test.each([
  ["ada@login.example.org", "/x", "sshfs ada@login.example.org:/x cluster"],
  ["cluster", "/x", "sshfs cluster:/x cluster"],
  ["cluster", "/a b/$(id)", "sshfs 'cluster:/a b/$(id)' cluster"],
])("refuses a target on another machine, %s with %s, and says how to mount it", async (address, path, command) => {
  await write("study/.repx/config.toml", `[targets.far]\naddress = "${address}"\nbase_path = "${path}"\n`);
  await expect(read("far")).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: `target far is on another machine, ${address}`,
    hint: expect.stringContaining(command),
  });
});
