import { expect, test } from "vitest";
import { startProcessorLoad } from "./processor-load.ts";

function startMachine() {
  const state = { ms: 0, idle: 0, all: 0 };
  const load = startProcessorLoad(
    () => ({ idle: state.idle, all: state.all }),
    () => state.ms,
  );
  const pass = (ms: number, idleShare: number): boolean => {
    state.ms += ms;
    state.all += 2 * ms;
    state.idle += 2 * ms * idleShare;
    return load.isBusy();
  };
  return { pass };
}

test("processors are busy when hardly any of their time is left", () => {
  const { pass } = startMachine();
  expect(pass(200, 0.05)).toBe(true);
  expect(pass(200, 0.5)).toBe(false);
});

test("what is too short to tell changes nothing", () => {
  const { pass } = startMachine();
  expect(pass(50, 0)).toBe(false);
  expect(pass(60, 0)).toBe(true);
  expect(pass(20, 1)).toBe(true);
  expect(pass(200, 1)).toBe(false);
});

test("a machine that does not count its time is idle", () => {
  let ms = 0;
  const load = startProcessorLoad(
    () => ({ idle: 0, all: 0 }),
    () => ms,
  );
  ms = 1000;
  expect(load.isBusy()).toBe(false);
});
