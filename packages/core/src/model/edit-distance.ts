/** Finds the candidate that a mistyped word most likely meant; undefined when none is near. */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  const rated = candidates.map((candidate) => ({ candidate, distance: measureDistance(word, candidate) }));
  const [best] = rated.toSorted((left, right) => left.distance - right.distance);
  return best !== undefined && best.distance <= Math.max(2, Math.ceil(word.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance, without regard to case, `-` and `_`. */
function measureDistance(left: string, right: string): number {
  const [from, to] = [Array.from(fold(left)), Array.from(fold(right))];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, char] of from.entries()) {
    const current = [row + 1];
    for (const [column, other] of to.entries()) {
      const insertion = (current[column] ?? 0) + 1;
      const deletion = (previous[column + 1] ?? 0) + 1;
      const replacement = (previous[column] ?? 0) + (char === other ? 0 : 1);
      current.push(Math.min(insertion, deletion, replacement));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}
