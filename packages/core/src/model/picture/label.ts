const LENGTH = 44;

/**
 * Makes a text fit for a label: one line, cut, without characters that are not seen, turn the reading direction or pile
 * up on one another.
 */
export function renderLabel(text: string, length = LENGTH): string {
  const line = text
    .slice(0, length * 8)
    .toWellFormed()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD")
    .replaceAll(/(\p{M}{2})\p{M}+/gu, "$1")
    .trim();
  const characters = Array.from(line);
  if (characters.length === 0) return "\u2013";
  return characters.length <= length ? line : `${characters.slice(0, length - 1).join("")}\u2026`;
}

/** Keeps so many lines, and says how many more there are. */
export function keepLines(lines: readonly string[], most: number): string[] {
  // A line that says "1 more" takes the room of the one that it leaves out.
  if (lines.length <= most + 1) return [...lines];
  return [...lines.slice(0, most), `and ${lines.length - most} more`];
}

/** `1 job`, `2 jobs`, `10,000 jobs`. */
export function countNoun(total: number, noun: string): string {
  const digits = String(total).replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return `${digits} ${noun}${total === 1 ? "" : "s"}`;
}
