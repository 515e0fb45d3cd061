import { expect, test } from "vitest";
import { PULL_LIMIT } from "./pull-limit.ts";

test.each([
  ["nothing", 0, 60],
  ["64 MiB", 64 * 1024 * 1024, 2744],
  ["100 GB: far more than an hour", 100e9, 14 * 24 * 3600],
  ["a size that no timer of Node's could take", 1e15, 14 * 24 * 3600],
])("%s has its time", (_, bytes, seconds) => {
  expect(Math.floor(PULL_LIMIT.secondsFor(bytes))).toBe(seconds);
  expect(PULL_LIMIT.secondsFor(bytes) * 1000).toBeLessThan(2 ** 31);
});
