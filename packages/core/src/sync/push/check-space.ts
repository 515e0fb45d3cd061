// Whether a push fits on the target's file system and within the user's quota. Pure.
import { RepxError } from "../../model/errors.ts";
import { renderBytes } from "../../model/render-bytes.ts";
import { showWord } from "../../target/command/quote.ts";
import type { Room } from "../parse-survey.ts";

/** What a push needs until it is published. */
export interface SpaceNeeded {
  /** Content of new files. */
  readonly contentBytes: number;
  /** New files, folders and links. */
  readonly files: number;
  /** Parcels that lie on the disk beside what they are unpacked to. */
  readonly parcelBytes: number;
}

/** The block in which most file systems count. */
const BLOCK_BYTES = 4096;
/** A part of what is needed that is left for others, and for what a file system needs for itself. */
const RESERVE = 0.01;

/** Tells whether it fits. */
export function hasSpace(needed: SpaceNeeded, { freeBytes, freeFiles, quotaBytes }: Room): boolean {
  return sumNeeded(needed) <= Math.min(freeBytes, quotaBytes) && needed.files <= freeFiles;
}

/** Throws SYNC_NO_SPACE when it does not fit; the hint names what earlier pushes left, where they left something. */
export function checkSpace(needed: SpaceNeeded, facts: Room, where: { basePath: string; description: string }): void {
  const bytes = sumNeeded(needed);
  const place = `${where.basePath} on ${where.description}`;
  const { freeBytes, freeFiles, quotaBytes, leftovers } = facts;
  const details = { neededBytes: bytes, neededFiles: needed.files, freeBytes, freeFiles, quotaBytes, leftovers };
  const left = `What pushes that were cut left (${leftovers.length}) in ${where.basePath}/artifacts/.staging goes after two days; when no push is under way, you may remove it.`;
  const refuse = (what: string, hint: string): never => {
    throw new RepxError("SYNC_NO_SPACE", what, { hint: leftovers.length === 0 ? hint : `${hint} ${left}`, details });
  };
  if (bytes > facts.quotaBytes && facts.quotaBytes <= facts.freeBytes) {
    refuse(
      `this push needs ${renderBytes(bytes)} at ${place}, but the quota leaves ${renderBytes(facts.quotaBytes)}`,
      "Remove what is no longer needed there (`quota -s` tells what counts), or ask for a larger quota; nothing was sent.",
    );
  }
  if (bytes > facts.freeBytes) {
    refuse(
      `this push needs ${renderBytes(bytes)} at ${place}, but ${renderBytes(facts.freeBytes)} are free`,
      `Make room on that file system (\`df -h ${showWord(where.basePath)}\`), or choose another base_path; nothing was sent.`,
    );
  }
  if (needed.files > facts.freeFiles) {
    refuse(
      `this push makes ${needed.files} files at ${place}, but its file system has room for ${facts.freeFiles}`,
      `Remove files on that file system (\`df -i ${showWord(where.basePath)}\`), or choose another base_path; nothing was sent.`,
    );
  }
}

/** Adds up the bytes of the file system that are needed. */
export function sumNeeded({ contentBytes, files, parcelBytes }: SpaceNeeded): number {
  return Math.ceil((contentBytes + files * BLOCK_BYTES + parcelBytes) * (1 + RESERVE));
}
