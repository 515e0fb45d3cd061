import { expect, test } from "vitest";
import {
  LOST_AFTER_MS,
  namePhase,
  planSweep,
  planWatch,
  readSilence,
  SILENT_AFTER_MS,
  type Watch,
  type WatchFrame,
} from "./watch.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY;

const heard: Watch = {
  lastWordAt: NOW,
  movedAt: NOW,
  isRunning: false,
  sweeps: 0,
  sweptAt: 0,
  supersededBy: null,
};
const frame: WatchFrame = { expiresAt: NOW + 30 * DAY };

test("silence begins three quarters of an hour after the last word, and is given up after a day", () => {
  const at = (ms: number) => readSilence(heard, frame, NOW + ms);
  expect(at(SILENT_AFTER_MS - 1)).toBeUndefined();
  expect(at(SILENT_AFTER_MS)).toEqual({ since: new Date(NOW).toISOString(), isAsked: false, isLost: false });
  expect(at(LOST_AFTER_MS - 1)).toMatchObject({ isLost: false });
  expect(at(LOST_AFTER_MS)).toMatchObject({ isLost: true });
});

test("I-42: days in the queue are no silence while the relay speaks", () => {
  const later = { ...heard, lastWordAt: NOW + 3 * DAY };
  expect(readSilence(later, frame, NOW + 3 * DAY + HOUR / 2)).toBeUndefined();
});

test("I-48: what has not ended on the token's last day is given up, however much was said", () => {
  const now = frame.expiresAt - DAY;
  expect(readSilence({ ...heard, lastWordAt: now }, frame, now)).toMatchObject({ isLost: true });
  expect(readSilence({ ...heard, lastWordAt: now - 1 }, frame, now - 1)).toBeUndefined();
});

test("the login node is asked when silence begins, then later each time, six times in all", () => {
  let watch = heard;
  const hours: number[] = [];
  for (let at = planSweep(watch); at !== undefined; at = planSweep(watch)) {
    hours.push((at - NOW) / HOUR);
    watch = { ...watch, sweeps: watch.sweeps + 1, sweptAt: at };
  }
  expect(hours).toEqual([0.75, 1.75, 3.75, 7.75, 15.75, 31.75]);
});

test("I-02: a wait in the queue has no limit of its own", () => {
  const month = { ...heard, lastWordAt: NOW + 20 * DAY };
  expect(namePhase(month, frame, NOW + 20 * DAY)).toBe("heard");
});

test("I-02: max-queue-hours counts from the last job that began or ended, and not while one runs", () => {
  const limited = { ...frame, maxQueueHours: 7 };
  const phase = (watch: Partial<Watch>, hours: number) =>
    namePhase({ ...heard, lastWordAt: NOW + hours * HOUR, ...watch }, limited, NOW + hours * HOUR);
  expect(phase({}, 6.9)).toBe("heard");
  expect(phase({}, 7)).toBe("heard queue");
  expect(phase({ isRunning: true }, 7)).toBe("heard");
  expect(phase({ movedAt: NOW + HOUR }, 7)).toBe("heard");
  expect(planWatch(heard, limited, NOW + 8 * HOUR)).not.toBe(NOW + 7 * HOUR);
  expect(planWatch({ ...heard, lastWordAt: NOW + 6.9 * HOUR }, limited, NOW + 6.9 * HOUR)).toBe(NOW + 7 * HOUR);
});

test("every change of phase is planned for", () => {
  let now = NOW;
  let watch = heard;
  const phases: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const next = planWatch(watch, frame, now);
    if (next === undefined) break;
    now = next;
    const sweep = planSweep(watch);
    if (sweep !== undefined && sweep <= now) watch = { ...watch, sweeps: watch.sweeps + 1, sweptAt: now };
    const phase = namePhase(watch, frame, now);
    if (phase !== phases.at(-1)) phases.push(phase);
  }
  expect(phases).toEqual(["asked", "lost"]);
});
