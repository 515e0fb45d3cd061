/** Finds the candidate that a mistyped word most likely meant; undefined when none is near. */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  const rated = candidates.map((candidate) => ({ candidate, distance: measureDistance(word, candidate) }));
  const [best] = rated.toSorted((left, right) => left.distance - right.distance);
  return best !== undefined && best.distance <= allowMistakes(word) ? best.candidate : undefined;
}

/** One in a short word: half of it wrong is another word. */
function allowMistakes(word: string): number {
  return Math.max(1, Math.floor((word.length + 1) / 3));
}

/** How many letters are missing, too many, wrong or exchanged with the next, without regard to case, `-` and `_`. */
function measureDistance(left: string, right: string): number {
  const [from, to] = [Array.from(fold(left)), Array.from(fold(right))];
  let before: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, char] of from.entries()) {
    const current = [row + 1];
    for (const [column, other] of to.entries()) {
      const insertion = (current[column] ?? 0) + 1;
      const deletion = (previous[column + 1] ?? 0) + 1;
      const replacement = (previous[column] ?? 0) + (char === other ? 0 : 1);
      const isExchanged = row > 0 && column > 0 && char === to[column - 1] && other === from[row - 1];
      const exchange = isExchanged ? (before[column - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(insertion, deletion, replacement, exchange));
    }
    [before, previous] = [previous, current];
  }
  return previous.at(-1) ?? 0;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}
