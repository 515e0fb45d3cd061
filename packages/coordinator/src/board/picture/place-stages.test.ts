import { expect, test } from "vitest";
import { BOX, placeStages } from "./place-stages.ts";
import type { StageNode } from "../views.ts";

function makeStages(needs: Readonly<Record<string, readonly string[]>>): StageNode[] {
  return Object.entries(needs).map(([name, inputs]) => ({ name, total: 1, counts: { queued: 1 }, needs: [...inputs] }));
}

function listColumns(stages: readonly StageNode[]): Record<string, number> {
  const { boxes } = placeStages(stages);
  return Object.fromEntries(boxes.map(({ stage, x }) => [stage.name, (x - 1) / (BOX.width + BOX.gapX)]));
}

test("a stage stands right of all that it needs", () => {
  const stages = makeStages({ report: ["fit", "walk"], fit: ["walk"], walk: [], other: [] });
  expect(listColumns(stages)).toEqual({ walk: 0, other: 0, fit: 1, report: 2 });
  expect(
    placeStages(stages)
      .arrows.map(({ from, to }) => `${from.stage.name} ${to.stage.name}`)
      .toSorted(),
  ).toEqual(["fit report", "walk fit", "walk report"]);
});

test("no two boxes lie on each other, and all lie inside the picture", () => {
  const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
  const needs = names.map((name, index): [string, string[]] => [name, names.slice(Math.max(0, index - 7), index % 5)]);
  const { boxes, width, height } = placeStages(makeStages(Object.fromEntries(needs)));
  expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(40);
  expect(boxes.every(({ x, y }) => x >= 0 && y >= 0 && x + BOX.width <= width && y + BOX.height <= height)).toBe(true);
});

test("stages whose jobs need each other in turn are placed all the same", () => {
  expect(listColumns(makeStages({ even: ["odd"], odd: ["even"] }))).toEqual({ odd: 0, even: 1 });
});

test("a need that is not drawn is left out", () => {
  expect(placeStages(makeStages({ fit: ["absent"] })).arrows).toEqual([]);
  expect(placeStages([])).toMatchObject({ boxes: [], arrows: [] });
});
