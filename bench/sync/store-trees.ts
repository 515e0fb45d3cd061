// Trees as a Nix store has them, written so that every run has the same: read-only, small files in nested folders.
import { chmod, lstat, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { runCommand } from "../../test/harness/command.ts";
import { renderContent, renderNoise, startChance } from "./seeded-content.ts";

export interface TreeShape {
  readonly seed: string;
  readonly trees: number;
  readonly filesEach: number;
  /** Of all files of all trees. */
  readonly sizeBytes: number;
}

/** Trees below one folder, each a store path. */
export interface TreeSet {
  readonly folder: string;
  readonly names: readonly string[];
  /** Paths of the regular files below the folder. */
  readonly files: readonly string[];
}

const NIX_ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
const MEDIAN_BYTES = 3000;
const SIZE_SPREAD = 1.4;
const LARGEST_BYTES = 400_000;
/** Sources, programs and what is packed already; together they shrink to about half. */
const MIX = [
  { below: 0.6, folder: "lib/python3.13/site-packages", ending: ".py", noiseShare: 0, mode: 0o444 },
  { below: 0.85, folder: "lib/native", ending: ".so", noiseShare: 0.3, mode: 0o555 },
  { below: 1, folder: "share/data", ending: ".npz", noiseShare: 1, mode: 0o444 },
] as const;

/** Writes the trees of a shape; names follow from the seed. */
export async function writeTrees(folder: string, shape: TreeShape): Promise<TreeSet> {
  const chance = startChance(shape.seed);
  const sizes = drawSizes(chance, shape.trees * shape.filesEach, shape.sizeBytes);
  const names = Array.from({ length: shape.trees }, (_, number) => renderStoreName(shape.seed, `package-${number}`));
  const files: string[] = [];
  for (const name of names) {
    for (let number = 0; number < shape.filesEach; number += 1) {
      const draw = chance();
      const kind = MIX.find(({ below }) => draw < below) ?? MIX[0];
      const path = join(
        name,
        kind.folder,
        `module_${number % 13}`,
        `part_${number % 5}`,
        `file_${number}${kind.ending}`,
      );
      const content = renderContent(`${shape.seed}/${path}`, sizes[files.length] ?? 0, kind.noiseShare);
      await writeReadOnly(join(folder, path), content, kind.mode);
      files.push(path);
    }
    // To a file: scp follows it, and cannot follow one to a folder.
    await symlink(relative(name, files.at(-1) ?? ""), join(folder, name, "latest"));
  }
  const set = { folder, names, files };
  await closeFolders(set);
  return set;
}

/** A name as Nix gives it: the hash part follows from the seed. */
export function renderStoreName(seed: string, name: string): string {
  const hash = [...renderNoise(`${seed} ${name}`, 32)].map((byte) => NIX_ALPHABET[byte % 32]).join("");
  return `${hash}-${name}`;
}

/** The same trees in which every `each`th file is changed, the others being hard links; `rename` names a tree anew. */
export async function changeTrees(
  set: TreeSet,
  folder: string,
  each: number,
  rename: (name: string) => string,
): Promise<TreeSet & { readonly changed: readonly string[] }> {
  await mkdir(folder, { recursive: true });
  const renamed = new Map(set.names.map((name) => [name, rename(name)]));
  for (const [name, there] of renamed) {
    await runCommand(["cp", "-al", join(set.folder, name), join(folder, there)], { timeoutSeconds: 100 });
  }
  const move = (path: string) => path.replace(/^[^/]+/, (name) => renamed.get(name) ?? name);
  const changed = set.files.filter((_, number) => number % each === 0).map(move);
  for (const path of changed) await changeFile(join(folder, path), path);
  const next = { folder, names: [...renamed.values()], files: set.files.map(move), changed };
  await closeFolders(next);
  return next;
}

/** A line in the middle is another one, and the end is new; it is a file of its own afterwards. */
async function changeFile(path: string, seed: string): Promise<void> {
  const [before, { mode }] = await Promise.all([readFile(path), lstat(path)]);
  const content = Buffer.concat([before, Buffer.from(`\nchanged ${seed}\n`)]);
  renderNoise(`changed ${seed}`, 64).copy(content, before.length >> 1);
  await rm(path);
  await writeReadOnly(path, content, mode & 0o777);
}

async function writeReadOnly(path: string, content: Buffer, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode });
}

/** As in a store nobody may write; root can all the same. */
async function closeFolders(set: TreeSet): Promise<void> {
  const folders = new Set<string>();
  for (const path of set.files) {
    for (let above = dirname(path); above !== "."; above = dirname(above)) folders.add(above);
  }
  for (const path of folders) await chmod(join(set.folder, path), 0o555);
}

/** Sizes of files as packages have them, many small and few large ones; together exactly what is asked. */
function drawSizes(chance: () => number, files: number, sizeBytes: number): number[] {
  const drawn = Array.from({ length: files }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
    return Math.min(LARGEST_BYTES, MEDIAN_BYTES * Math.exp(SIZE_SPREAD * normal));
  });
  const scale = sizeBytes / drawn.reduce((sum, size) => sum + size, 0);
  const sizes = drawn.map((size) => Math.floor(size * scale));
  const rest = sizeBytes - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size, number) => (number === 0 ? size + rest : size));
}
