import { expect, test } from "vitest";
import { renderBytes } from "./render-bytes.ts";

test.each([
  [-1, "0 B"],
  [0, "0 B"],
  [999, "999 B"],
  [999.6, "1.00 kB"],
  [9994, "9.99 kB"],
  [9996, "10.0 kB"],
  [99_949, "99.9 kB"],
  [99_951, "100 kB"],
  [999_400, "999 kB"],
  [999_600, "1.00 MB"],
  [1.5e12, "1.50 TB"],
  [2e18, "2000 PB"],
])("%d bytes are %s", (bytes, text) => {
  expect(renderBytes(bytes)).toBe(text);
});
