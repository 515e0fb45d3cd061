import { expect, test } from "vitest";
import { sortParts } from "./sort-parts.ts";

const part = (...deps: readonly string[]) => ({ path: "jobs/x/bin/x", inputs: [], outputs: {}, deps: [...deps] });

function sortNames(executables: Parameters<typeof sortParts>[0]): string[] {
  return sortParts(executables).map(([name]) => name);
}

test("parts are in the order in which they run", () => {
  const steps = {
    "step-combine": part("square", "double"),
    "step-double": part("extract"),
    "step-extract": part(),
    "step-square": part("extract"),
  };
  expect(sortNames({ gather: part(), scatter: part(), ...steps })).toEqual([
    "scatter",
    "step-extract",
    "step-double",
    "step-square",
    "step-combine",
    "gather",
  ]);
});

test("steps that wait for each other, or for none that is there, are all there", () => {
  const steps = { "step-a": part("b"), "step-b": part("a"), "step-c": part("absent") };
  expect(sortNames(steps)).toEqual(["step-c", "step-a", "step-b"]);
});
