import type { Screen } from "./screen.ts";

/** Shows a job's id: for a person the shortest beginning that means this job alone, elsewhere the whole. */
export type IdRenderer = (id: string) => string;

const SHORTEST = 8;

/** Makes what shows ids on a screen, out of all ids of a Lab. */
export function makeIdRenderer(screen: Pick<Screen, "isTerminal">, ids: Iterable<string>): IdRenderer {
  if (!screen.isTerminal) return (id) => id;
  const short = shortenIds([...ids]);
  return (id) => short.get(id) ?? id;
}

/** Finds for each id its shortest beginning that no other has, of at least eight characters. */
export function shortenIds(ids: readonly string[]): Map<string, string> {
  const sorted = [...new Set(ids)].toSorted();
  const lengths = sorted.map((id, index) =>
    Math.max(SHORTEST, 1 + countEqual(id, sorted[index - 1] ?? ""), 1 + countEqual(id, sorted[index + 1] ?? "")),
  );
  return new Map(sorted.map((id, index) => [id, id.slice(0, lengths[index])]));
}

function countEqual(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  return at;
}
