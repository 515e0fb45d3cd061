// Reads what GNU's tar says of files that it could not read. One that shrank or broke off while it was read is in the stream
// none the less, as long as it was before, with zeros at its end that the job never wrote.
import type { BytePath } from "../tree/tree-entry.ts";
import type { ListedEntry } from "./parse-listing.ts";
import { showPath } from "./show-path.ts";

/** What tar said. */
export interface Complaints {
  /** Why a file is not in the stream. */
  explainUnsent(path: BytePath): string;
  /** Why what came of a file is not the file; undefined where it is. */
  explainPadded(path: BytePath): string | undefined;
  /** How many of the files with zeros could be told by their names. */
  readonly paddedFiles: number;
}

const PADDED: readonly (readonly [words: RegExp, reason: string])[] = [
  [/^File shrank by \d+ bytes?; padding/, "it shrank while it was fetched"],
  [/^Read error at byte \d+/, "it could not be read there to its end"],
];

/** Reads tar's stderr. A name may hold line feeds, and what looks like the end of a name: the longest one that fits counts. */
export function readComplaints(stderr: string, wanted: readonly ListedEntry[]): Complaints {
  const names = new Set(wanted.map(({ path }) => showPath(path)));
  const unsent = new Map<string, string>();
  const padded = new Map<string, string>();
  for (const text of stderr.split(/^tar: /m).slice(1)) {
    const [name, words] = splitComplaint(text, names) ?? [];
    if (name === undefined || words === undefined) continue;
    const reason = PADDED.find(([pattern]) => pattern.test(words))?.[1];
    if (reason === undefined) unsent.set(name, words);
    else padded.set(name, reason);
  }
  return {
    explainUnsent: (path) => ["it could not be read there", unsent.get(showPath(path)) ?? []].flat().join(": "),
    explainPadded: (path) => padded.get(showPath(path)),
    paddedFiles: padded.size,
  };
}

function splitComplaint(text: string, names: ReadonlySet<string>): [name: string, words: string] | undefined {
  for (let end = text.lastIndexOf(": "); end > 0; end = text.lastIndexOf(": ", end - 1)) {
    const name = text.slice(0, end);
    if (names.has(name)) return [name, text.slice(end + 2).split("\n", 1)[0] ?? ""];
  }
  return undefined;
}
