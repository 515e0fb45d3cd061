import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseLevel } from "./choose-level.ts";

const MIB = 1 << 20;

test.each([
  ["noise on the slowest link", 0.99, 0.01, 1e6, "store"],
  ["what shrinks, while nothing is known of the link", 0.4, 0.01, undefined, "quick"],
  ["what shrinks on a slow link", 0.4, 0.01, 12e6, "small"],
  ["what shrinks more quickly than a link of 1 Gbit/s takes it", 0.5, 0.002, 125e6, "quick"],
  ["what shrinks more slowly than a quick link takes it", 0.5, 0.01, 125e6, "store"],
  ["text that all but vanishes, on a link as quick as memory", 0.02, 0.001, 900e6, "quick"],
] as const)("%s", (_, shrunk, seconds, bytesPerSecond, level) => {
  expect(chooseLevel({ sizeBytes: MIB, shrunkBytes: MIB * shrunk, seconds }, bytesPerSecond)).toBe(level);
});

test("a quicker link never asks for more compressing", () => {
  const effort = { store: 0, quick: 1, small: 2 };
  const trials = fc.record({
    sizeBytes: fc.constant(MIB),
    shrunkBytes: fc.nat(MIB),
    seconds: fc.float({ min: 0, max: 1, noNaN: true }),
  });
  const rates = fc.tuple(fc.integer({ min: 1, max: 2e9 }), fc.integer({ min: 1, max: 2e9 }));
  fc.assert(
    fc.property(trials, rates, (trial, [one, other]) => {
      const [slow, quick] = [Math.min(one, other), Math.max(one, other)].map(
        (rate) => effort[chooseLevel(trial, rate)],
      );
      expect(quick).toBeLessThanOrEqual(slow ?? 0);
    }),
  );
});
