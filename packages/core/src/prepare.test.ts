import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTarget } from "./prepare.ts";
import type { Target } from "./target/config/config.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-prepare-"));
  await mkdir(join(folder, ".config/repx"), { recursive: true });
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

async function read(config: string, name?: string): Promise<Target> {
  return readTarget({
    files: { config, resources: undefined, programs: "/none" },
    target: { name, privateKey: undefined, passphrase: undefined, knownHosts: undefined },
    process: {
      environment: { HOME: folder, XDG_CONFIG_DIRS: "/nowhere" },
      workFolder: folder,
      temporaryFolder: folder,
      now: () => new Date(0),
    },
  });
}

test("the config file that is named wins over the user's, key by key", async () => {
  await writeFile(join(folder, ".config/repx/config.toml"), '[targets.a]\naddress = "ada@a"\nbase_path = "/user"\n');
  await writeFile(join(folder, "given.toml"), '[targets.a]\nbase_path = "/given"\n');
  expect(await read("given.toml", "a")).toMatchObject({ basePath: "/given", address: { user: "ada", host: "a" } });
});

test("a config file that is named must be there, whatever the user has", async () => {
  await writeFile(join(folder, ".config/repx/config.toml"), '[targets.a]\nbase_path = "/user"\n');
  await expect(read("nowhere.toml")).rejects.toMatchObject({ code: "CONFIG_MISSING" });
});

test("a target of either scheduler can be submitted to", async () => {
  await writeFile(join(folder, "c.toml"), '[targets.a]\nbase_path = "/x"\ndefault_scheduler = "local"\n');
  await expect(read("c.toml")).resolves.toMatchObject({ scheduler: "local" });
});
