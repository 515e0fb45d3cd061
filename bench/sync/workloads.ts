// What is sent: the sets of the benchmark, made when they are first asked for.
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { renderContent } from "./seeded-content.ts";
import { changeTrees, renderStoreName, writeTrees, type TreeSet } from "./store-trees.ts";

const GIBIBYTE = 2 ** 30;
const LARGE_FILES = 4;
const PIECE_BYTES = 16 * 2 ** 20;
const CHANGED_EACH = 100;

export type ChangedSet = TreeSet & { readonly changed: readonly string[] };

/** Every set of the benchmark; each is written once. */
export interface Workloads {
  /** 20 store paths of 1,000 files each, 164 MB in all. */
  small(): Promise<TreeSet>;
  /** The same, with 1 % of the files of each path changed. */
  smallChanged(): Promise<ChangedSet>;
  /** The same change under new names: another hash, the same name behind it. */
  smallRenamed(): Promise<ChangedSet>;
  /** 4 files in one store path, 1 GiB in all; `noise` does not compress, `words` do to a third. */
  large(kind: "noise" | "words"): Promise<TreeSet>;
  /** The same as words, 256 MiB. */
  quarter(): Promise<TreeSet>;
  /** 200 store paths of 100 files and 1 MB each. */
  many(): Promise<TreeSet>;
}

/** Writes sets below a folder when they are asked for. */
export function startWorkloads(folder: string): Workloads {
  const small = once(async () => {
    const shape = { seed: "small", trees: 20, filesEach: 1000, sizeBytes: 164_000_000 };
    return writeTrees(join(folder, "small"), shape);
  });
  const change = async (name: string, rename: (name: string) => string) =>
    changeTrees(await small(), join(folder, name), CHANGED_EACH, rename);
  const noise = once(async () => writeLarge(join(folder, "noise"), "noise", GIBIBYTE, 1));
  const words = once(async () => writeLarge(join(folder, "words"), "words", GIBIBYTE, 0));
  return {
    small,
    smallChanged: once(async () => change("small-changed", (name) => name)),
    smallRenamed: once(async () =>
      change("small-renamed", (name) => renderStoreName("renamed", name.slice(name.indexOf("-") + 1))),
    ),
    large: async (kind) => (kind === "noise" ? noise() : words()),
    quarter: once(async () => writeLarge(join(folder, "quarter"), "quarter", GIBIBYTE / 4, 0)),
    many: once(async () => {
      const shape = { seed: "many", trees: 200, filesEach: 100, sizeBytes: 200_000_000 };
      return writeTrees(join(folder, "many"), shape);
    }),
  };
}

/** Size of files when each is compressed by itself, at zstd's first level. */
export async function measureCompressed(folder: string, paths: readonly string[]): Promise<number> {
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  let sizeBytes = 0;
  for (const path of paths) sizeBytes += zstdCompressSync(await readFile(join(folder, path)), { params }).length;
  return sizeBytes;
}

/** Every file has the same pieces, each file in another order: nobody looks for what is alike so far apart. */
async function writeLarge(folder: string, seed: string, sizeBytes: number, noiseShare: number): Promise<TreeSet> {
  const name = renderStoreName(seed, "dataset");
  await mkdir(join(folder, name), { recursive: true });
  const paths = Array.from({ length: LARGE_FILES }, (_, number) => join(name, `part-${number}.bin`));
  const files = await Promise.all(paths.map(async (path) => open(join(folder, path), "wx", 0o444)));
  const pieces = sizeBytes / LARGE_FILES / PIECE_BYTES;
  for (let piece = 0; piece < pieces; piece += 1) {
    const content = renderContent(`${seed} ${piece}`, PIECE_BYTES, noiseShare);
    for (const [number, file] of files.entries()) {
      await file.write(content, 0, PIECE_BYTES, ((piece + number) % pieces) * PIECE_BYTES);
    }
  }
  for (const file of files) await file.close();
  return { folder, names: [name], files: paths };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => (made ??= make());
}
