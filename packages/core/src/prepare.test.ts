import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JobId } from "./model/ids.ts";
import { readPlaces, readTarget } from "./prepare.ts";
import type { Target } from "./target/config/config.ts";
import { parseResources } from "./target/config/resources.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-prepare-"));
  await mkdir(join(folder, ".config/repx"), { recursive: true });
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

function describeProcess() {
  return {
    environment: { HOME: folder, XDG_CONFIG_DIRS: "/nowhere" },
    workFolder: folder,
    temporaryFolder: folder,
    now: () => new Date(0),
  };
}

async function read(config: string, name?: string): Promise<Target> {
  return readTarget({
    files: { config, resources: undefined, programs: "/none" },
    target: { name, privateKey: undefined, passphrase: undefined, knownHosts: undefined },
    process: describeProcess(),
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

test.each([
  ["hpc/resources.toml", { path: "hpc/resources.toml", line: 3 }],
  ["./hpc/resources.toml", { path: "hpc/resources.toml", line: 3 }],
  ["../resources.toml", undefined],
])("the place of a rule in %s is told as the repository has it", async (resources, place) => {
  const text = '[[rules]]\npartition = "long"\n[[rules]]\nmem = "4G"\n';
  await mkdir(join(folder, "hpc"));
  await writeFile(join(folder, "hpc/resources.toml"), text);
  const request = { files: { config: "c.toml", resources }, process: describeProcess() };
  const places = await readPlaces(request, parseResources(text, resources));
  expect(places(JobId.parse(`${"0".repeat(32)}-walk-1.0`), "cluster")).toEqual(place);
});
