// What the coordinator bears, in workerd on this host, against the tests' GitHub with its limits on.
import type { Area, Measure } from "../scripts/measure.ts";
import { startCoordinatorStand, type CoordinatorStand } from "../test/coordinator/coordinator-stand.ts";
import { measureBurst, measureSweep } from "./coordinator/crowd.ts";
import { measureDelays } from "./coordinator/delay.ts";
import { measureThroughput } from "./coordinator/throughput.ts";
import { startBoardStand } from "../test/board/board-stand.ts";
import { measurePage, registerLargeSubmission } from "../test/board/large-submission.ts";

/** One client here sends more than a relay would in a year. */
const UNLIMITED = { EVENT_REQUESTS_PER_MINUTE: "1000000" };

const PARTS: Readonly<Record<string, () => Promise<Measure[]>>> = {
  events: async () => onStand(reportThroughput),
  sweep: async () => onStand(reportSweep),
  burst: reportBurst,
  delay: async () => onStand(reportDelays),
  page: reportPage,
};

async function reportThroughput(stand: CoordinatorStand): Promise<Measure[]> {
  const { empty, single, batched, singleToEmpty, batchedToSingle } = await measureThroughput(stand);
  return [
    inform("requests to an empty route on workerd", empty, "/s"),
    inform("events accepted, one a request", single, "/s"),
    measureLeast("the same against the empty route", singleToEmpty, "x", 0.5),
    inform("events accepted, a hundred a request", batched, "/s"),
    measureLeast("the same against one a request", batchedToSingle, "x", 10),
  ];
}

async function reportSweep(stand: CoordinatorStand): Promise<Measure[]> {
  const { lost, calls, updates, tellSeconds } = await measureSweep(stand);
  return [
    measureMost("10,000 jobs of a run end in 60 s: events lost", lost, "", 0),
    measureMost("requests to GitHub for it, tokens too", calls, "", 20),
    inform("of these, updates of its check", updates, ""),
    inform("from its last event to the comment", tellSeconds, "s"),
  ];
}

async function reportBurst(): Promise<Measure[]> {
  const { refused, calls, seconds } = await measureBurst();
  return [
    measureMost("120 runs end at once: refusals by GitHub's limiter after the first", refused, "", 0),
    inform("requests to GitHub for it", calls, ""),
    inform("from the events to the comment", seconds, "s"),
  ];
}

async function reportDelays(stand: CoordinatorStand): Promise<Measure[]> {
  const delays = await measureDelays(stand);
  const pick = (share: number) => delays[Math.ceil(share * delays.length) - 1] ?? Number.NaN;
  return [
    measureMost("from an event to the check's update, idle, p50", pick(0.5) / 1000, "s", 1),
    measureMost("the same, p99", pick(0.99) / 1000, "s", 3),
  ];
}

async function reportPage(): Promise<Measure[]> {
  await using board = await startBoardStand();
  const { id } = await registerLargeSubmission(board);
  const { medianMs, slowestMs, bytes } = await measurePage(board, `/s/${id}`);
  return [
    measureMost("the board's page of 10,000 jobs, sign-in check and all", medianMs, "ms", 150),
    inform("the slowest of fifteen", slowestMs, "ms"),
    measureMost("its HTML", bytes / 1000, "kB", 300),
  ];
}

function measureMost(name: string, value: number, unit: string, most: number): Measure {
  return { name, value, unit, bar: `at most ${`${most} ${unit}`.trimEnd()}`, holds: value <= most };
}

function measureLeast(name: string, value: number, unit: string, least: number): Measure {
  return { name, value, unit, bar: `at least ${least} ${unit}`, holds: value >= least };
}

function inform(name: string, value: number, unit: string): Measure {
  return { name, value, unit, bar: "none", holds: true };
}

async function onStand(measure: (stand: CoordinatorStand) => Promise<Measure[]>): Promise<Measure[]> {
  await using stand = await startCoordinatorStand({ settings: UNLIMITED });
  return await measure(stand);
}

/** `npm run bench -- coordinator`. */
export const area: Area = {
  parts: Object.keys(PARTS),
  run: async (only = Object.keys(PARTS)) => {
    const measures = [];
    for (const [name, measure] of Object.entries(PARTS)) {
      if (only.includes(name)) measures.push(...(await measure()));
    }
    return measures;
  },
};
