import fc from "fast-check";
import { expect, test } from "vitest";
import { startMeter, startReporting, type TransferProgress } from "./progress.ts";

function startClock(): { now: () => number; pass: (seconds: number) => void } {
  let ms = 1000;
  return { now: () => ms, pass: (seconds) => void (ms += seconds * 1000) };
}

test("tells the rate and the time left", () => {
  const clock = startClock();
  const meter = startMeter({ bytes: 1000, files: 4 }, clock.now);
  expect(meter.read()).toEqual({ doneBytes: 0, totalBytes: 1000, doneFiles: 0, totalFiles: 4, bytesPerSecond: 0 });
  clock.pass(2);
  meter.add(200, 1);
  expect(meter.read()).toMatchObject({ doneBytes: 200, doneFiles: 1, bytesPerSecond: 100, secondsLeft: 8 });
});

test("forgets how fast it was long ago", () => {
  const clock = startClock();
  const meter = startMeter({ bytes: 1e6, files: 1 }, clock.now);
  meter.add(500_000, 0);
  for (let second = 0; second < 30; second += 1) {
    clock.pass(1);
    meter.add(10, 0);
  }
  expect(meter.read().bytesPerSecond).toBeCloseTo(10, 0);
});

test("slows down while nothing moves", () => {
  const clock = startClock();
  const meter = startMeter({ bytes: 1e6, files: 1 }, clock.now);
  clock.pass(1);
  meter.add(1000, 0);
  clock.pass(99);
  expect(meter.read().bytesPerSecond).toBe(10);
});

test("stays within its bounds whatever is added and taken back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -50, max: 100 }), fc.nat({ max: 3 }))), (steps) => {
      const clock = startClock();
      const meter = startMeter({ bytes: 300, files: 5 }, clock.now);
      for (const [bytes, seconds] of steps) {
        clock.pass(seconds);
        meter.add(bytes, 1);
        const { doneBytes, doneFiles, bytesPerSecond, secondsLeft = 0 } = meter.read();
        expect(doneBytes).toBeGreaterThanOrEqual(0);
        expect(doneBytes).toBeLessThanOrEqual(300);
        expect(doneFiles).toBeLessThanOrEqual(5);
        expect(bytesPerSecond).toBeGreaterThanOrEqual(0);
        expect(secondsLeft).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("tells its listener at most ten times a second, and the end", () => {
  const clock = startClock();
  const seen: TransferProgress[] = [];
  const report = startReporting(
    startMeter({ bytes: 100, files: 1 }, clock.now),
    (progress) => seen.push(progress),
    clock.now,
  );
  for (let index = 0; index < 100; index += 1) {
    clock.pass(0.01);
    report.add(1, 0);
  }
  report.end();
  expect(seen.length).toBeLessThanOrEqual(12);
  expect(seen.at(-1)).toMatchObject({ doneBytes: 100, secondsLeft: 0 });
});
