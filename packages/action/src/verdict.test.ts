import { expect, test } from "vitest";
import { isBlocking } from "./verdict.ts";

test.each([
  ["passed", [], false],
  ["failed", [], true],
  ["failed", ["study"], true],
  ["infrastructure", [], true],
  ["infrastructure", ["study"], false],
  ["unknown", ["study"], false],
  ["unknown", ["other"], true],
])("a run that ends as %s blocks, where %j are advisory: %j", (verdict, advisory, expected) => {
  expect(isBlocking({ name: "study", verdict }, advisory)).toBe(expected);
});
