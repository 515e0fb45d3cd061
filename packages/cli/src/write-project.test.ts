import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeProject } from "./write-project.ts";

async function startFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "repx-init-"));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).toSorted();
}

const FILES = [
  ".github/workflows/experiment.yml",
  ".gitignore",
  ".repx/config.toml",
  "README.md",
  "experiment/estimate.nix",
  "experiment/pipeline.nix",
  "experiment/run.nix",
  "experiment/sample.nix",
  "flake.nix",
  "resources.toml",
];

test("a project has a flake, a run with its stages, and a workflow, all under its name", async () => {
  await using folder = await startFolder();
  const path = join(folder.path, "deep/study");
  expect(await writeProject(path, "my.study")).toEqual({ files: FILES, kept: [] });
  const texts = await Promise.all(FILES.map(async (file) => readFile(join(path, file), "utf8")));
  expect(texts.join("")).not.toContain("{{name}}");
  expect(await readFile(join(path, "experiment/run.nix"), "utf8")).toContain('name = "my.study";');
  expect(await readFile(join(path, ".github/workflows/experiment.yml"), "utf8")).toContain('runs: "my.study"');
});

test("other files of the folder stay as they are", async () => {
  await using folder = await startFolder();
  await writeFile(join(folder.path, "notes.txt"), "mine");
  await writeProject(folder.path, "study");
  expect(await readFile(join(folder.path, "notes.txt"), "utf8")).toBe("mine");
});

test("a new repository's README and .gitignore are kept", async () => {
  await using folder = await startFolder();
  await writeFile(join(folder.path, "README.md"), "mine");
  await writeFile(join(folder.path, ".gitignore"), "mine");
  const { files, kept } = await writeProject(folder.path, "study");
  expect(kept).toEqual([".gitignore", "README.md"]);
  expect(files).toEqual(FILES.filter((file) => !kept.includes(file)));
  const texts = await Promise.all(kept.map(async (file) => readFile(join(folder.path, file), "utf8")));
  expect(texts).toEqual(["mine", "mine"]);
});

test("files that are in the way are listed, and nothing is written", async () => {
  await using folder = await startFolder();
  await mkdir(join(folder.path, "experiment"));
  await writeFile(join(folder.path, "experiment/run.nix"), "mine");
  await writeFile(join(folder.path, "flake.nix"), "mine");
  await expect(writeProject(folder.path, "study")).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(/would be overwritten: experiment\/run\.nix, flake\.nix$/),
  });
  expect(await listFiles(folder.path)).toEqual(["experiment", "experiment/run.nix", "flake.nix"]);
});

test("what was written goes again when a file cannot be", async () => {
  await using folder = await startFolder();
  // Where a folder has to be there is a file: even root cannot write below it.
  await writeFile(join(folder.path, "experiment"), "mine");
  await chmod(join(folder.path, "experiment"), 0o644);
  await expect(writeProject(folder.path, "study")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  expect(await listFiles(folder.path)).toEqual(["experiment"]);
});
