import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "./config.ts";
import { readConfig } from "./find-config.ts";

let root: string;
let home: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "repx-config-"));
  home = join(root, "home/ada");
  await mkdir(join(home, "study/deep/er"), { recursive: true });
});

afterEach(async () => rm(root, { recursive: true, force: true }));

/** Writes a config file whose only target is named after it. */
async function write(path: string, name: string): Promise<string> {
  const full = join(root, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, `[targets.${name}]\nbase_path = "/${name}"\n`);
  return full;
}

async function read(cwd: string, environment: Record<string, string> = {}): Promise<Config> {
  const surroundings = { HOME: home, XDG_CONFIG_DIRS: join(root, "xdg"), ...environment };
  return readConfig({ cwd: join(root, cwd), environment: surroundings });
}

async function list(...call: Parameters<typeof read>): Promise<string[]> {
  return [...(await read(...call)).targets.keys()];
}

test("reads the user's file, then the project's", async () => {
  const files = [
    await write("home/ada/.config/repx/config.toml", "user"),
    await write("home/ada/study/.repx/config.toml", "project"),
  ];
  const config = await read("home/ada/study");
  expect([...config.targets.keys()]).toEqual(["user", "project"]);
  expect(config.source).toBe(files.join(" and "));
});

test("takes the first user's file: XDG_CONFIG_HOME, else ~/.config, then each of XDG_CONFIG_DIRS", async () => {
  await write("second/repx/config.toml", "second");
  const environment = { XDG_CONFIG_DIRS: `relative:${root}/first:${root}/second` };
  expect(await list("home/ada", environment)).toEqual(["second"]);
  await write("first/repx/config.toml", "first");
  expect(await list("home/ada", environment)).toEqual(["first"]);
  await write("home/ada/.config/repx/config.toml", "user");
  expect(await list("home/ada", environment)).toEqual(["user"]);
  expect(await list("home/ada", { XDG_CONFIG_HOME: "relative" })).toEqual(["user"]);
  await write("own/repx/config.toml", "own");
  expect(await list("home/ada", { ...environment, XDG_CONFIG_HOME: join(root, "own") })).toEqual(["own"]);
});

test("finds the project's file from a folder within the repository", async () => {
  await write("home/ada/study/.repx/config.toml", "project");
  expect(await list("home/ada/study/deep/er")).toEqual(["project"]);
});

test.each([".git", ".repx"])("does not look above the first folder with %s", async (name) => {
  await write("home/ada/study/.repx/config.toml", "project");
  await mkdir(join(home, "study/deep", name));
  await expect(read("home/ada/study/deep/er")).rejects.toMatchObject({ code: "CONFIG_MISSING" });
});

test("does not look above the home folder", async () => {
  await write("home/.repx/config.toml", "above");
  await expect(read("home/ada/study/deep")).rejects.toMatchObject({
    code: "CONFIG_MISSING",
    message: expect.stringContaining(join(home, ".config/repx/config.toml")),
  });
  await write("home/ada/.repx/config.toml", "home");
  expect(await list("home/ada/study/deep")).toEqual(["home"]);
});

test("an explicit project file stands in place of the one that would be found", async () => {
  await write("home/ada/.config/repx/config.toml", "user");
  await write("home/ada/study/.repx/config.toml", "project");
  const surroundings = { cwd: join(home, "study"), environment: { HOME: home } };
  const given = { source: "/given.toml", text: "[targets.given]\nbase_path = '/g'" };
  const config = await readConfig(surroundings, given);
  expect([...config.targets.keys()]).toEqual(["user", "given"]);
});

test("a config file that is a folder is refused by name", async () => {
  const path = join(home, "study/.repx/config.toml");
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  await expect(read("home/ada/study")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `${path} cannot be read`,
  });
});
