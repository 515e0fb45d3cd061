// Archives for tests: of a folder, by the tar and zstd that are installed, and of single entries, byte for byte.
import { zstdCompressSync } from "node:zlib";
import { basename, dirname } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { Header, Pax } from "tar";
import { runCommand } from "../../target/command/command.ts";

/** How a folder is packed: what its paths begin with, and what tar is told. */
export interface TarShape {
  readonly prefix?: "folder" | "dot" | "flat" | "deep";
  readonly flags?: readonly string[];
}

/** Packs a folder with GNU tar. */
export async function packTar(
  folder: string,
  archive: string,
  { prefix = "folder", flags = [] }: TarShape = {},
): Promise<void> {
  const names = {
    folder: ["-C", dirname(folder), basename(folder)],
    dot: ["-C", folder, "."],
    flat: ["-C", folder, ...(await listTop(folder))],
    deep: ["-C", folder, "--transform=flags=rh;s,^\\.,some/where/lab,", "."],
  }[prefix];
  await run(["tar", "-cf", archive, ...flags, ...names]);
}

/** Compresses a file beside it, as `zstd` does. */
export async function compressZstd(file: string): Promise<string> {
  await writeFile(`${file}.zst`, zstdCompressSync(await readFile(file)));
  return `${file}.zst`;
}

/** One entry of an archive made by hand. */
export interface HandEntry {
  readonly path: string;
  readonly type?: "File" | "SymbolicLink" | "Link" | "Directory" | "FIFO";
  readonly body?: string;
  readonly link?: string;
  /** What the header says, when that is not the body's length. */
  readonly size?: number;
  /** Written as pax records before it. */
  readonly pax?: { readonly path?: string; readonly linkpath?: string; readonly size?: number };
}

/** Makes an archive of entries. */
export function makeTar(entries: readonly HandEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(makeBlocks), Buffer.alloc(1024)]);
}

function makeBlocks({ path, type = "File", body = "", link = "", size, pax }: HandEntry): Buffer[] {
  const content = Buffer.from(body);
  const header = Buffer.alloc(512);
  new Header({ path, type, linkpath: link, size: size ?? content.length, mode: 0o644 }).encode(header);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return [...(pax === undefined ? [] : [new Pax(pax).encode()]), header, content, padding];
}

async function listTop(folder: string): Promise<string[]> {
  const output = await run(["ls", folder]);
  return output.trim().split("\n");
}

async function run(argv: readonly string[]): Promise<string> {
  const output = await runCommand({ argv, environment: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, deadlineSeconds: 60 });
  if (output.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${output.stderr}`);
  return output.stdout;
}
