// One command for each parcel, and one for each file in slices.
import type { Packed } from "../pack/packer.ts";
import type { Parcel, Slice } from "../pack/parcel.ts";
import { escapeWord } from "./escape-word.ts";
import type { SlicedFile } from "./large-files.ts";
import { cutPieces, streamSlice } from "./parcel-stream.ts";
import { COMPLETE_FILES, RECEIVE_BUNDLE, RECEIVE_RAW_SLICE, RECEIVE_SLICE } from "./receive-scripts.ts";
import type { Reply, TargetCommands } from "./target-commands.ts";

const BLOCK_BYTES = 65_536;

/** `make`: the staging folder may have to be made; `again`: what has arrived is replaced. */
export type Way = "make" | "-" | "again";

/** Where a parcel goes, and who counts. */
export interface Sending {
  readonly staging: string;
  readonly way: Way;
  readonly onPiece: (bytes: number) => void;
}

/** Sends what was packed. */
export async function sendPacked(
  commands: TargetCommands,
  parcel: Parcel,
  packed: Packed,
  { staging, way, onPiece }: Sending,
): Promise<Reply> {
  const { bytes, sha256, encoding } = packed;
  const words = [parcel.id, way, sha256, commands.chooseHashProgram(bytes.length), encoding];
  const { reply } = await commands.run({
    script: parcel.kind === "bundle" ? RECEIVE_BUNDLE : RECEIVE_SLICE,
    staging,
    words:
      parcel.kind === "bundle"
        ? words
        : [...words, escapeWord(renderPlace(parcel)), `${parcel.offsetBytes / BLOCK_BYTES}`],
    stdin: cutPieces(bytes, onPiece),
    bytes: bytes.length,
  });
  return reply;
}

/** Sends a part of a file as it is. */
export async function sendRaw(
  commands: TargetCommands,
  slice: Slice,
  source: string,
  { staging, way, onPiece }: Sending,
): Promise<Reply> {
  const { id, offsetBytes, sizeBytes } = slice;
  const numbers = [offsetBytes / BLOCK_BYTES, Math.floor(sizeBytes / BLOCK_BYTES), sizeBytes % BLOCK_BYTES];
  const { reply } = await commands.run({
    script: RECEIVE_RAW_SLICE,
    staging,
    words: [id, way, escapeWord(renderPlace(slice)), ...numbers.map(String)],
    stdin: streamSlice(source, slice, onPiece),
    bytes: sizeBytes,
  });
  return reply;
}

/** Gives a file its mode and time; one that travelled raw is hashed on the target before. */
export async function completeFile(
  commands: TargetCommands,
  staging: string,
  { file, mark, isRaw, readHash }: SlicedFile,
): Promise<Reply> {
  const sha256 = isRaw() ? await readHash() : "-";
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
