import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSshConfig } from "./ssh-config-file.ts";
import { resolveSshConfig } from "./ssh-config.ts";

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "repx-home-"));
  await mkdir(join(home, ".ssh/d"), { recursive: true });
});

afterEach(async () => rm(home, { recursive: true, force: true }));

async function write(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(home, ".ssh", name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

/** The keys that the files name for host `a`. */
async function readKeys(systemFile = "/nowhere"): Promise<string[]> {
  const settings = resolveSshConfig(await readSshConfig(home, systemFile), { host: "a", localUser: "me" });
  return settings.identityFiles.map(({ value }) => value);
}

test("files that are not there say nothing", async () => {
  expect(await readKeys()).toEqual([]);
  await rm(join(home, ".ssh"), { recursive: true });
  expect(await readKeys()).toEqual([]);
});

test("an Include starts from ~/.ssh, the machine's from its own folder", async () => {
  await write("config", "Include d/* ~/.ssh/other missing\nIdentityFile /last\n");
  await write("d/2", "IdentityFile /2\n");
  await write("d/1", "IdentityFile /1\n");
  await mkdir(join(home, ".ssh/d/folder"));
  await write("other", "IdentityFile /other\n");
  await mkdir(join(home, "etc/more"), { recursive: true });
  await writeFile(join(home, "etc/ssh_config"), "Include mo*/x.conf\n");
  await writeFile(join(home, "etc/more/x.conf"), "IdentityFile /system\n");
  expect(await readKeys(join(home, "etc/ssh_config"))).toEqual(["/1", "/2", "/other", "/last", "/system"]);
});

test("files that include each other are refused with the way from one to the other", async () => {
  const path = await write("config", "Include d/one\n");
  const one = await write("d/one", "Host nobody\n Include config\n");
  await expect(readKeys()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `${path} includes itself: ${path} → ${one} → ${path}`,
  });
});

test("16 files may include one another, 17 may not", async () => {
  await write("config", "Include d/1\n");
  for (let number = 1; number < 15; number++) await write(`d/${number}`, `Include d/${number + 1}\n`);
  await write("d/15", "IdentityFile /deep\n");
  expect(await readKeys()).toEqual(["/deep"]);
  await write("d/15", "Include d/16\n");
  await write("d/16", "IdentityFile /deep\n");
  await expect(readKeys()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test.each([
  ["config", 0o620],
  ["config", 0o602],
  ["included", 0o666],
])("refuses %s with the mode %o, which others can write", async (name, mode) => {
  await write("config", "Include included\n");
  await write("included", "");
  const path = join(home, ".ssh", name);
  await chmod(path, mode);
  await expect(readKeys()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(path),
    hint: `Run \`chmod go-w ${path}\`.`,
  });
  await chmod(path, 0o644);
  expect(await readKeys()).toEqual([]);
});

test("the machine's file may have any mode: only root could have set it", async () => {
  expect(await readKeys(await write("system", "IdentityFile /s\n", 0o664))).toEqual(["/s"]);
});

test("a file that cannot be read is refused by name", async () => {
  const path = join(home, ".ssh/config");
  await symlink(path, path);
  await expect(readKeys()).rejects.toMatchObject({ code: "CONFIG_INVALID", message: `${path} cannot be read` });
});

test("an Include with brackets is refused rather than misread", async () => {
  await write("config", "Include d/[12]\n");
  await expect(readKeys()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("d/[12]"),
  });
});
