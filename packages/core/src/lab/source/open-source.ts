import { open, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { RepxError } from "../../model/errors.ts";
import { openFolder } from "./folder-source.ts";
import { refuseLab } from "../refuse-lab.ts";
import type { LabSource } from "./lab-source.ts";
import { openTar } from "./tar-source.ts";

/** Where a Lab is, and its manifest where that was named. */
export interface OpenedSource {
  readonly source: LabSource;
  readonly manifestPath?: string;
}

const MAGIC_BYTES = 6;
const ZSTD = "28b52ffd";
/** A zstd frame that holds nothing, as pzstd writes first (RFC 8878, 3.1.2). */
const ZSTD_SKIPPABLE = /^5.2a4d18/;
const OTHERS: Readonly<Record<string, string>> = { "1f8b": "gzip", "425a": "bzip2", fd37: "xz", "504b": "zip" };

/** Opens a folder, a `.tar`, a `.tar.zst`, or the folder whose manifest is named. LAB_MISSING where nothing is. */
export async function openSource(path: string): Promise<OpenedSource> {
  const place = resolve(path);
  const found = await stat(place).catch((cause: unknown) => {
    throw refuseAbsent(path, cause);
  });
  if (found.isDirectory()) return { source: await openFolder(path) };
  if (!found.isFile()) throw refuseLab(path, "it is neither a folder nor a file");
  const folder = dirname(place);
  if (place.endsWith(".json") && basename(folder) === "lab") {
    return { source: await openFolder(dirname(folder)), manifestPath: `lab/${basename(place)}` };
  }
  return { source: await openTar(path, await isZstd(path, place)) };
}

async function isZstd(path: string, place: string): Promise<boolean> {
  const magic = await readMagic(place).catch((cause: unknown) => {
    throw refuseLab(path, "it cannot be read", undefined, cause);
  });
  const other = OTHERS[magic.slice(0, 4)];
  if (other === undefined) return magic.startsWith(ZSTD) || ZSTD_SKIPPABLE.test(magic);
  throw new RepxError("LAB_INVALID", `${path}: it is compressed with ${other}`, {
    hint: "A Lab is read from a folder, from an uncompressed tar, or from a tar that zstd compressed: `tar --zstd -cf`.",
  });
}

async function readMagic(place: string): Promise<string> {
  await using handle = await open(place);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
  return buffer.toString("hex", 0, bytesRead);
}

function refuseAbsent(path: string, cause: unknown): RepxError {
  return new RepxError("LAB_MISSING", `there is no Lab ${path}`, {
    hint: "Build the Lab with `nix build`, and name the folder it leaves, an archive of it, or the flake that it is built from.",
    cause,
  });
}
