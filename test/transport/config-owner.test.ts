// Needs root, which alone can give a file to another user.
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../packages/core/src/target/config/find-config.ts";
import { readSshConfig } from "../../packages/core/src/target/route/ssh-config-file.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const STRANGER = 12_345;

test("a project's config file above that somebody else has laid there is refused, in the folder itself it counts", async () => {
  await using scratch = await startScratchFolder();
  const path = join(scratch.path, ".repx/config.toml");
  await mkdir(join(scratch.path, ".repx"));
  await mkdir(join(scratch.path, "deep"));
  await writeFile(path, '[targets.a]\nbase_path = "/a"\n');
  await chown(path, STRANGER, STRANGER);
  const environment = { HOME: "/nowhere", XDG_CONFIG_DIRS: "/nowhere" };
  await expect(readConfig({ cwd: join(scratch.path, "deep"), environment })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `${path} belongs to another user (${STRANGER})`,
  });
  const config = await readConfig({ cwd: scratch.path, environment });
  expect([...config.targets.keys()]).toEqual(["a"]);
});

test("a ssh_config of another user is refused", async () => {
  await using scratch = await startScratchFolder();
  const path = join(scratch.path, ".ssh/config");
  await mkdir(join(scratch.path, ".ssh"));
  await writeFile(path, "User eve\n", { mode: 0o600 });
  await chown(path, STRANGER, STRANGER);
  await expect(readSshConfig(scratch.path, "/nowhere")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `${path} can be written by others, so OpenSSH and we refuse it`,
  });
});
