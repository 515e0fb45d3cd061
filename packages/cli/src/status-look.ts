import type { JobStatus } from "@repx/core/lab";
import type { Look, Screen } from "./screen.ts";

const LOOKS: Readonly<Record<JobStatus, Look>> = {
  succeeded: "green",
  failed: "red",
  running: "cyan",
  pending: "dim",
  blocked: "yellow",
};

/** What a job on a target can be. */
export const STATUSES: readonly JobStatus[] = Object.keys(LOOKS).filter(isStatus);

/** Tells whether a word is a status. */
export function isStatus(word: string): word is JobStatus {
  return Object.hasOwn(LOOKS, word);
}

/** Gives the word of a status its colour; any other text stays as it is. */
export function paintStatus(screen: Screen, text: string): string {
  const word = text.trim();
  return isStatus(word) ? screen.paint(LOOKS[word], text) : text;
}
