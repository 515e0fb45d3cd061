import type { Screen } from "./screen.ts";

/** A table of plain text. */
export interface Table {
  /** In capitals. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers, by index. */
  readonly right?: readonly number[];
  /** Gives a cell its colour; the text stays what it is. */
  readonly paint?: (text: string, column: number) => string;
}

const GAP = "  ";

/**
 * Renders a table with aligned columns; those that are empty in every row are left out. A line that is too long for the
 * screen is cut, ending in an ellipsis.
 */
export function renderTable(table: Table, screen: Pick<Screen, "columns" | "paint">, indent = ""): string[] {
  const { head, rows, right = [], paint = (text: string): string => text } = table;
  const columns = head
    .map((title, at) => ({
      at,
      isRight: right.includes(at),
      width: findWidth([title, ...rows.map((row) => row[at] ?? "")]),
    }))
    .filter(({ at }) => rows.some((row) => (row[at] ?? "") !== ""));
  const room = screen.columns === undefined ? Number.POSITIVE_INFINITY : screen.columns - indent.length;
  const renderRow = (cells: readonly string[], look: (text: string, column: number) => string): string => {
    const filled = columns.findLastIndex(({ at }) => (cells[at] ?? "") !== "");
    let left = room;
    const parts = columns.slice(0, filled + 1).flatMap(({ at, isRight, width }, index) => {
      const text = pad(cells[at] ?? "", width, isRight, index === filled);
      const cut = cutText(text, left);
      left -= measure(text) + GAP.length;
      return cut === "" ? [] : [look(cut, at)];
    });
    return `${indent}${parts.join(GAP)}`;
  };
  return [renderRow(head, (text) => screen.paint("dim", text)), ...rows.map((row) => renderRow(row, paint))];
}

/** Cuts a text to so many columns. */
export function cutText(text: string, columns: number): string {
  if (measure(text) <= columns) return text;
  const kept = Array.from(text).slice(0, Math.max(0, columns - 1));
  return columns < 1 ? "" : `${kept.join("")}…`;
}

function findWidth(texts: readonly string[]): number {
  return texts.reduce((widest, text) => Math.max(widest, measure(text)), 0);
}

function pad(text: string, width: number, isRight: boolean, isLast: boolean): string {
  const space = " ".repeat(Math.max(0, width - measure(text)));
  if (isRight) return `${space}${text}`;
  return isLast ? text : `${text}${space}`;
}

function measure(text: string): number {
  return Array.from(text).length;
}
