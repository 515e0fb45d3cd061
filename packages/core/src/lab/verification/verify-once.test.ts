// Comparing a Lab with its manifest, once as long as nothing is touched.
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "../../lab-door.ts";
import { REPX_GEN, writeRepxLab } from "../repx-lab.fixture.ts";
import { compressZstd, packTar } from "../source/tar.fixture.ts";

const PROGRAM = `jobs/${REPX_GEN}/bin/gen`;
const FILES = 31;

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-verified-"));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** A Lab of its own with a cache of its own. */
async function makeLab(name: string): Promise<{ folder: string; cacheFolder: string }> {
  const folder = join(scratch, name);
  await writeRepxLab(folder);
  return { folder, cacheFolder: join(scratch, `${name}-cache/repx/verified`) };
}

test.each([
  ["folder", async (folder: string) => folder],
  [
    "tar",
    async (folder: string) => {
      await packTar(folder, `${folder}.tar`);
      return `${folder}.tar`;
    },
  ],
  [
    "compressed tar",
    async (folder: string) => {
      await packTar(folder, `${folder}.tar`);
      return compressZstd(`${folder}.tar`);
    },
  ],
])("a %s is hashed the first time alone", async (name, finish) => {
  const { folder, cacheFolder } = await makeLab(name);
  const path = await finish(folder);
  const verify = async () => (await Lab.open(path, { cacheFolder })).verify();
  expect(await verify()).toEqual({ files: FILES, isCached: false });
  expect(await verify()).toEqual({ files: FILES, isCached: true });
});

test("a file that was touched is hashed again, and one that differs is named", async () => {
  const { folder, cacheFolder } = await makeLab("touched");
  const lab = await Lab.open(folder, { cacheFolder });
  await lab.verify();
  await writeFile(join(folder, PROGRAM), await readFile(join(folder, PROGRAM)));
  expect(await lab.verify()).toMatchObject({ isCached: false });
  await writeFile(join(folder, PROGRAM), "#!/usr/bin/env bash\nrm -rf\n");
  await expect(lab.verify()).rejects.toMatchObject({
    code: "LAB_INVALID",
    message: expect.stringContaining(`not as the manifest says: ${PROGRAM}`),
    details: { files: [PROGRAM] },
  });
  await rm(join(folder, PROGRAM));
  await expect(lab.verify()).rejects.toMatchObject({ message: expect.stringContaining(`${PROGRAM} is missing`) });
});

test("a file that was changed without its size and time is hashed again", async () => {
  const { folder, cacheFolder } = await makeLab("disguised");
  const lab = await Lab.open(folder, { cacheFolder });
  await lab.verify();
  const program = join(folder, PROGRAM);
  const { size, atime, mtime } = await stat(program);
  await writeFile(program, "x".repeat(size));
  await utimes(program, atime, mtime);
  await expect(lab.verify()).rejects.toMatchObject({ code: "LAB_INVALID", details: { files: [PROGRAM] } });
});

test("a note that somebody else may have written is not believed", async () => {
  const { folder, cacheFolder } = await makeLab("foreign");
  const lab = await Lab.open(folder, { cacheFolder });
  await lab.verify();
  const [note = ""] = await readdir(cacheFolder);
  await chmod(join(cacheFolder, note), 0o666);
  expect(await lab.verify()).toMatchObject({ isCached: false });
  expect(await lab.verify()).toMatchObject({ isCached: true });
});

test.each([
  ["a program", (file: { path: string }) => file.path !== PROGRAM, PROGRAM],
  ["metadata", (file: { path: string }) => !file.path.startsWith("revision/"), "revision/metadata-top.json"],
])("a manifest that leaves out %s is refused", async (name, keep, missing) => {
  const { folder, cacheFolder } = await makeLab(`unlisted ${name}`);
  const path = join(folder, "lab/lab-metadata.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...manifest, files: manifest.files.filter(keep) }));
  await expect((await Lab.open(folder, { cacheFolder })).verify()).rejects.toMatchObject({
    code: "LAB_INVALID",
    message: expect.stringContaining(`the manifest does not list ${missing}`),
  });
});

test("another manifest in the same place is another Lab", async () => {
  const { folder, cacheFolder } = await makeLab("manifest");
  await (await Lab.open(folder, { cacheFolder })).verify();
  const path = join(folder, "lab/lab-metadata.json");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/("sha256":")[0-9a-f]/, "$10").replace(/("sha256":"0)[0-9a-f]/, "$11"));
  await expect((await Lab.open(folder, { cacheFolder })).verify()).rejects.toMatchObject({ code: "LAB_INVALID" });
});

test("a note that is damaged, or a cache that cannot be written, costs time alone", async () => {
  const { folder, cacheFolder } = await makeLab("damaged");
  const lab = await Lab.open(folder, { cacheFolder });
  await lab.verify();
  const [note = ""] = await readdir(cacheFolder);
  await writeFile(join(cacheFolder, note), "{");
  expect(await lab.verify()).toMatchObject({ isCached: false });
  const nowhere = await Lab.open(folder, { cacheFolder: "/dev/null/cache" });
  expect(await nowhere.verify()).toEqual({ files: FILES, isCached: false });
});
