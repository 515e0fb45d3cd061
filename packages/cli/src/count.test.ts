import { expect, test } from "vitest";
import { count } from "./count.ts";

test.each([
  [0, "0 files"],
  [1, "1 file"],
  [999, "999 files"],
  [10_000, "10,000 files"],
])("%d of them are %s", (total, text) => {
  expect(count(total, "file")).toBe(text);
});
