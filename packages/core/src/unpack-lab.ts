// A Lab that is one file has to be a folder before its parts can be sent.
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { startFileReader, startZstdReader, type ByteReader } from "./lab/source/byte-reader.ts";
import { chooseManifest } from "./lab/metadata/open-lab.ts";
import { RepxError } from "./model/errors.ts";
import { runCommand } from "./target/command/command.ts";

const CHUNK_BYTES = 1024 * 1024;
const HOURS = 24;
const MOST_DEPTH = 64;
const ENVIRONMENT = { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin" };
/** A zstd frame, or one that is skipped. */
const ZSTD = /^(28b52ffd|5.2a4d18)/;

/**
 * Unpacks a Lab's archive into a folder, which is made, and answers where in it the Lab is. Read the archive first: what
 * is odd in it is refused there.
 */
export async function unpackLab(archive: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const output = await runCommand({
    argv: ["tar", "--extract", "--file=-", "--no-same-owner", "--directory", folder],
    stdin: readArchive(archive),
    environment: ENVIRONMENT,
    deadlineSeconds: HOURS * 3600,
  });
  if (output.exitCode !== 0) {
    const said = output.stderr.trim().split("\n")[0] ?? "";
    throw new RepxError("LAB_INVALID", `${archive} cannot be unpacked in ${folder}: ${said}`, {
      hint: "See that there is room (`df -h`), or set TMPDIR to a folder on a larger disk; or unpack the Lab by hand.",
      details: output,
    });
  }
  return findLab(archive, folder);
}

/** Removes what was unpacked; folders of a Lab may be read-only. */
export async function removeUnpacked(folder: string): Promise<void> {
  await runCommand({
    argv: ["chmod", "-R", "u+rwX", folder],
    environment: ENVIRONMENT,
    deadlineSeconds: HOURS * 3600,
  });
  await rm(folder, { recursive: true, force: true });
}

async function* readArchive(path: string): AsyncGenerator<Uint8Array> {
  await using reader = await startReader(path);
  for (let chunk = await reader.read(CHUNK_BYTES); chunk.length > 0; chunk = await reader.read(CHUNK_BYTES)) {
    // The reader uses its buffer again.
    yield Buffer.from(chunk);
  }
}

async function startReader(path: string): Promise<ByteReader> {
  await using probe = await startFileReader(path);
  const isZstd = ZSTD.test((await probe.read(4)).toString("hex"));
  return isZstd ? startZstdReader(path, () => undefined) : startFileReader(path);
}

/** The folders that lead to a Lab in its archive may have any names. */
async function findLab(archive: string, folder: string): Promise<string> {
  let level = [folder];
  for (let depth = 0; depth < MOST_DEPTH && level.length > 0; depth++) {
    const below: string[] = [];
    for (const place of level) {
      if (chooseManifest(await readdir(join(place, "lab")).catch(() => [])) !== undefined) return place;
      const entries = await readdir(place, { withFileTypes: true });
      below.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(place, name)));
    }
    level = below;
  }
  throw new RepxError("LAB_INVALID", `${archive}: no folder in it is a Lab`, {
    hint: "Make the archive as docs/lab.md says.",
  });
}
