import { expect, test } from "vitest";
import { startLinkRate } from "./link-rate.ts";

const MIB = 1 << 20;

function startClock() {
  const clock = { ms: 0 };
  return { clock, rate: startLinkRate(() => clock.ms) };
}

test("says nothing before more was sent than windows hold", () => {
  const { clock, rate } = startClock();
  const transfer = rate.begin();
  transfer.add(3 * MIB);
  clock.ms = 10;
  expect(rate.read()).toBeUndefined();
  transfer.add(3 * MIB);
  clock.ms = 20;
  expect(rate.read()).toBeCloseTo((4 * MIB) / 0.02);
});

test("counts what every channel's window may hold as not yet there", () => {
  const { clock, rate } = startClock();
  for (let index = 0; index < 3; index += 1) rate.begin().add(4 * MIB);
  clock.ms = 1000;
  expect(rate.read()).toBeCloseTo(6 * MIB);
});

test("leaves out the time in which there was nothing to send", () => {
  const { clock, rate } = startClock();
  const transfer = rate.begin();
  clock.ms = 5000;
  transfer.add(6 * MIB);
  clock.ms = 6000;
  transfer.pause();
  clock.ms = 60_000;
  transfer.add(6 * MIB);
  clock.ms = 61_000;
  transfer.end();
  expect(rate.read()).toBeCloseTo(5 * MIB);
});

test("whoever waits for the first rate goes on when it can be told", async () => {
  const { clock, rate } = startClock();
  let isKnown = false;
  void rate.first.then(() => (isKnown = true));
  const transfer = rate.begin();
  transfer.add(3 * MIB);
  clock.ms = 10;
  transfer.pause();
  await Promise.resolve();
  expect(isKnown).toBe(false);
  transfer.add(3 * MIB);
  await Promise.resolve();
  expect(isKnown).toBe(true);
});

test("nobody waits for a first thing that was never sent", async () => {
  const { rate } = startClock();
  rate.begin().end();
  await rate.first;
  expect(rate.read()).toBeUndefined();
});
