import { expect, test } from "vitest";
import { readMetrics, renderQuantity } from "./metrics.ts";

test.each([
  [0.592731, 0.00042, "0.59273 ± 0.00042"],
  [1234.5, 12, "1235 ± 12"],
  [1.602e-19, 1e-22, "(1.6020 ± 0.0010)e-19"],
  [-6.022e23, 3e19, "(-6.02200 ± 0.00030)e23"],
  [0, 0.5, "0.00 ± 0.50"],
  [0.1234567, undefined, "0.1234567"],
  [12345678, undefined, "12345678"],
  [98765432109, undefined, "98765432109"],
  [0.1 + 0.2, undefined, "0.3"],
  [1e-9, 0, "1e-9"],
])("%d with the error %d is shown as %s", (value, error, text) => {
  expect(renderQuantity(value, error)).toBe(text);
});

test("a text that is no table of numbers is no metrics", () => {
  expect(readMetrics("{")).toBeUndefined();
  expect(readMetrics('{"a": "b"}')).toBeUndefined();
  expect(readMetrics('{"a": 1, "b": {"value": 2, "error": 0.1}}')).toEqual({ a: 1, b: { value: 2, error: 0.1 } });
});
