import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { type EndsRun, playEnds } from "./ends.ts";

// Every kind of end that SLURM knows, in one submission; one relay finds them all out and ends by itself. Once with the
// hook, and once where no administrator installed anything: the same, later.

const FOLDER = "/tmp/repx-relay-ends";
const HOOK = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog");
const WAYS = ["with the hook", "without any hook"] as const;
const runs = new Map<(typeof WAYS)[number], EndsRun>();

beforeAll(async () => {
  await Promise.all(
    WAYS.map(async (way, index) =>
      runs.set(way, await playEnds(`${FOLDER}-${index + 1}`, way === "with the hook" ? HOOK : undefined)),
    ),
  );
}, 240_000);
afterAll(async () => {
  for (const index of WAYS.keys()) await rm(`${FOLDER}-${index + 1}`, { recursive: true, force: true });
});

function find(way: (typeof WAYS)[number]): EndsRun {
  const run = runs.get(way);
  if (run === undefined) throw new Error(`nothing was played ${way}`);
  return run;
}

const ENDS = [
  {
    stage: "completed",
    end: {
      state: "COMPLETED",
      marker: "SUCCESS",
      exitCode: 0,
      signal: 0,
      logTail: "fine",
      metricsText: '{"pi": 3.14}',
    },
  },
  {
    stage: "failed",
    end: {
      state: "FAILED",
      marker: "FAIL",
      exitCode: 3,
      reason: "NonZeroExitCode",
      logTail: 'café \uFFFD "q" \u0001\t\\ \uFFFDend',
    },
  },
  { stage: "crashed", end: { state: "FAILED", marker: "FAIL", exitCode: 139, signal: 11 } },
  { stage: "says-143", incident: "I-12: ", end: { state: "FAILED", marker: "FAIL", exitCode: 143 } },
  { stage: "moved", incident: "I-17: ", end: { state: "COMPLETED", marker: "SUCCESS", exitCode: 0 } },
  { stage: "shell-killed", end: { state: "FAILED", exitCode: 0, signal: 9 } },
  { stage: "step-failed", end: { state: "COMPLETED", marker: "SUCCESS", exitCode: 0 } },
  { stage: "left-over", end: { state: "COMPLETED", marker: "SUCCESS", exitCode: 0 } },
  { stage: "no-output-file", end: { state: "FAILED", exitCode: 0, signal: 53 } },
  { stage: "running", end: { state: "CANCELLED", signal: 15 } },
  { stage: "pending", end: { state: "CANCELLED" } },
  { stage: "pending-array", end: { state: "CANCELLED", reason: "JobHeldUser" } },
  { stage: "late", incident: "I-10: ", end: { state: "TIMEOUT", reason: "TimeLimit" } },
  { stage: "nodefail", end: { state: "NODE_FAIL", reason: "NodeDown" } },
  { stage: "after-first", end: { state: "COMPLETED", marker: "SUCCESS" } },
  { stage: "after-second", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
  { stage: "after-late", incident: "I-10: ", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
  { stage: "never", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
];

describe.each(WAYS)("%s", (way) => {
  test("the relay ends with 0 when every end has been taken, and leaves nothing to send", () => {
    const { exit, log } = find(way);
    onTestFailed(() => console.log(log));
    expect(exit).toBe(0);
    expect(log).toContain("all jobs have ended and are reported");
  });

  test.each(ENDS.map((row) => ({ incident: "", ...row })))("$incident$stage ends as $end.state", ({ stage, end }) => {
    const { lastOf, eventsOf, slurmIds } = find(way);
    expect(lastOf(stage)).toMatchObject({ ...end, attempt: 1, slurmId: slurmIds.get(stage) });
    expect(eventsOf(stage).filter((event) => event.state === end.state)).toHaveLength(1);
  });

  test("I-08: a job that is out of memory says so where SLURM holds its memory", () => {
    const { lastOf, hasCgroup } = find(way);
    const killed = { state: "OUT_OF_MEMORY", exitCode: 0, signal: 125, reason: "OutOfMemory" };
    expect(lastOf("memory")).toMatchObject(hasCgroup ? killed : { state: "COMPLETED" });
  });

  test.each(["requeued", "nodefail-again"])(
    "%s has ended once with its first attempt, and has its second's end",
    (stage) => {
      const { lastOf, eventsOf } = find(way);
      const story = eventsOf(stage).map((event) => `${event.attempt} ${event.state}`);
      expect(story[0]).toBe("1 RUNNING");
      expect(story.filter((line) => line === "1 REQUEUED")).toHaveLength(1);
      expect(lastOf(stage)).toMatchObject({ attempt: 2, state: "COMPLETED", marker: "SUCCESS" });
    },
  );

  test.each(["markerless", "shell-killed", "no-output-file"])("%s is reported without a marker", (stage) => {
    const end = find(way).lastOf(stage);
    expect(end?.state).toBeDefined();
    expect(end?.marker).toBeUndefined();
  });

  test("the log's tail is its last 40 lines", () => {
    const lines = find(way).lastOf("chatty")?.logTail?.split("\n") ?? [];
    expect(lines).toHaveLength(40);
    expect(lines.at(-1)).toBe("line 3000");
  });

  test("no event is sent twice while nothing goes wrong", () => {
    const ids = find(way).events.map((event) => event.id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test("a job that ran says where and how long, and when it began", () => {
    const { eventsOf, lastOf, nodes } = find(way);
    const running = eventsOf("late").find((event) => event.state === "RUNNING");
    expect(running?.node).toBe(nodes[0]);
    const end = lastOf("late");
    expect(end?.node).toBe(nodes[0]);
    expect(end?.elapsedSeconds).toBeGreaterThan(0);
    expect(Date.parse(end?.at ?? "")).toBeGreaterThanOrEqual(Date.parse(running?.at ?? ""));
  });
});

/** What is compared; what is killed, or loses its node, may get its own last words out before that, or not. */
function tellEnds(run: EndsRun): unknown[] {
  return [...run.slurmIds.keys()].map((stage) => {
    const { state, attempt, reason, exitCode, signal, marker } = run.lastOf(stage) ?? {};
    const isOwnEnd = state === "COMPLETED" || state === "FAILED";
    return { stage, state, attempt, reason, ...(isOwnEnd && { exitCode, signal, marker }) };
  });
}

test("with and without the hook, every job's last word is the same", () => {
  expect(tellEnds(find("without any hook"))).toEqual(tellEnds(find("with the hook")));
});
