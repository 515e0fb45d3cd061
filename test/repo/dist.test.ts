import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand, SYSTEM_PATH } from "../harness/command.ts";
import { NODE, REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const ACTION = join(REPOSITORY_ROOT, "packages/action");

async function listFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

test("packages/action/dist is what its sources build to, byte for byte", async () => {
  await using scratch = await startScratchFolder();
  const built = join(scratch.path, "dist");
  // As `npm run build -w packages/action` does, but into a folder of our own.
  await runCommand([NODE, "build.ts", built], {
    folder: ACTION,
    environment: { PATH: SYSTEM_PATH, HOME: scratch.path },
  });
  const committed = join(ACTION, "dist");
  const names = await listFolder(built);
  expect(names).toContain("main.js");
  expect(await listFolder(committed), "dist is stale: run `npm run build`").toEqual(names);
  for (const name of names) {
    const [fresh, kept] = await Promise.all([readFile(join(built, name)), readFile(join(committed, name))]);
    expect(fresh.equals(kept), `dist/${name} is stale: run \`npm run build\``).toBe(true);
  }
});
