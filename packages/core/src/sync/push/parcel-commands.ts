// One command for each parcel, and one for each file in slices.
import type { Packed } from "../pack/packer.ts";
import type { Bundle, Slice } from "../pack/parcel.ts";
import { escapeWord } from "./escape-word.ts";
import type { SlicedFile } from "./large-files.ts";
import { COMPLETE_FILES, RECEIVE_BUNDLE, RECEIVE_SLICE } from "./receive-scripts.ts";
import type { Reply, TargetCommands } from "./target-commands.ts";

const BLOCK_BYTES = 65_536;

/** `make`: the staging folder may have to be made; `again`: what has arrived is replaced. */
export type Way = "make" | "-" | "again";

/** Where a parcel goes, and what is sent of it. */
export interface Sending {
  readonly staging: string;
  readonly way: Way;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** Sends a bundle that was packed. */
export async function sendBundle(
  commands: TargetCommands,
  { id }: Bundle,
  { bytes, sha256, encoding }: Packed,
  { staging, way, stdin }: Sending,
): Promise<Reply> {
  const words = [id, way, sha256, commands.chooseHashProgram(bytes.length), encoding];
  return (await commands.run({ script: RECEIVE_BUNDLE, staging, words, stdin, bytes: bytes.length })).reply;
}

/** Sends a slice, which is packed as it goes. */
export async function sendSlice(
  commands: TargetCommands,
  slice: Slice,
  { staging, way, stdin }: Sending,
): Promise<Reply> {
  const { id, encoding, offsetBytes, sizeBytes } = slice;
  const numbers = [offsetBytes / BLOCK_BYTES, Math.floor(sizeBytes / BLOCK_BYTES), sizeBytes % BLOCK_BYTES];
  const words = [id, way, encoding, escapeWord(renderPlace(slice)), ...numbers.map(String)];
  return (await commands.run({ script: RECEIVE_SLICE, staging, words, stdin, bytes: sizeBytes })).reply;
}

/** Gives a file its mode and time; one whose slices had no checksums is hashed on the target before. */
export async function completeFile(
  commands: TargetCommands,
  staging: string,
  { file, mark, readHash }: SlicedFile,
): Promise<Reply> {
  const sha256 = (await readHash()) ?? "-";
  const { reply } = await commands.run({
    script: COMPLETE_FILES,
    staging,
    words: [
      commands.chooseHashProgram(file.sizeBytes),
      mark,
      escapeWord(renderPlace(file)),
      sha256,
      renderTime(file.mtimeSeconds),
      file.mode.toString(8),
    ],
    bytes: file.sizeBytes,
  });
  return reply;
}

function renderPlace({ item, path }: Pick<Slice, "item" | "path">): string {
  return path === "" ? `${item}` : `${item}/${path}`;
}

/** `[[CC]YY]MMDDhhmm.SS` in UTC, which every touch takes. */
export function renderTime(seconds: number): string {
  const text = new Date(Math.min(seconds, LAST_SECOND) * 1000).toISOString();
  return `${text.slice(0, 16).replaceAll(/[-T:]/g, "")}.${text.slice(17, 19)}`;
}

/** Of the year 9999. */
const LAST_SECOND = 253_402_300_799;
