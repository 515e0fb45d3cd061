import { expect, test } from "vitest";
import { keepScreen } from "./command.fixture.ts";
import { renderTable } from "./render-table.ts";

const TABLE = {
  head: ["NAME", "COUNT", "REST"],
  rows: [
    ["a", "7", "x"],
    ["größer", "12", "much longer than the others"],
    ["b", "100", ""],
  ],
  right: [1],
};

test("columns are aligned, numbers to the right, without blanks at the end", () => {
  expect(renderTable(TABLE, keepScreen(), "  ")).toEqual([
    "  NAME    COUNT  REST",
    "  a           7  x",
    "  größer     12  much longer than the others",
    "  b         100",
  ]);
});

test("a line is cut where the terminal ends, and says so", () => {
  const lines = renderTable(TABLE, keepScreen(24, { NO_COLOR: "1" }), "  ");
  expect(lines[2]).toBe("  größer     12  much l…");
  expect(lines.every((line) => line.length <= 24)).toBe(true);
});

test("a colour does not move the columns", () => {
  const painted = renderTable({ ...TABLE, paint: (text, column) => (column === 0 ? `<${text}>` : text) }, keepScreen());
  expect(painted[1]).toBe("<a     >      7  x");
});

test("a column without a word in it is left out", () => {
  const rows = [
    ["a", "", "x"],
    ["b", "", "y"],
  ];
  expect(renderTable({ head: ["A", "B", "C"], rows }, keepScreen())).toEqual(["A  C", "a  x", "b  y"]);
});
