import { expect, test } from "vitest";
import { parseSize } from "./parse-size.ts";

test.each([
  ["0", 0],
  ["512", 512],
  ["512B", 512],
  ["100M", 100_000_000],
  ["100mb", 100_000_000],
  ["1.5G", 1_500_000_000],
  ["2 GB", 2_000_000_000],
  ["2GiB", 2 * 1024 ** 3],
  ["1Kib", 1024],
  ["3t", 3_000_000_000_000],
  ["none", Infinity],
])("%s is %d bytes", (text, bytes) => {
  expect(parseSize(text, "max-size")).toBe(bytes);
});

test.each(["", "M", "-1", "1e9", "10X", "10MM", "1,5G", "5iB", "Infinity", "ten"])("%j is no size", (text) => {
  expect(() => parseSize(text, "max-size")).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", hint: expect.stringContaining("--max-size 500M") }),
  );
});
