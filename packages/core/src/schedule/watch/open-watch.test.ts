import fc from "fast-check";
import { expect, test } from "vitest";
import { event, jobId } from "../../model/events.fixture.ts";
import { LabHash, RunName, SubmissionId } from "../../model/ids.ts";
import type { JobEvent } from "../../model/protocol.ts";
import { isConcluded } from "../../model/verdict.ts";
import { planCancellation } from "../plan-cancellation.ts";
import type { SubmissionPlan } from "../submission-plan.ts";
import { addLook, type SubmissionStatus } from "./open-watch.ts";
import { readLook, splitAnswer, type Look } from "./parse-look.ts";

const [FIRST, SECOND, SUM, REUSED] = [jobId(1), jobId(2), jobId(3, "sum-1.0"), jobId(4)];
const ID = SubmissionId.parse("s0123456789abcdefghijklmno");

const PLAN: SubmissionPlan = {
  createdAt: "2026-03-01T10:00:00Z",
  target: "cluster",
  lab: { hash: LabHash.parse("0c3f6w9x"), folder: "/nix/store/0c3f6w9x-lab" },
  runs: [{ name: RunName.parse("study"), jobs: [FIRST, SECOND, SUM, REUSED] }],
  toRun: [FIRST, SECOND, SUM],
  reused: [REUSED],
  shared: [],
  dependencies: [
    [],
    [
      { id: FIRST, kind: "hard" },
      { id: SECOND, kind: "soft" },
    ],
  ],
  jobs: [
    { id: FIRST, stage: "threshold-1.0", needs: 0 },
    { id: SECOND, stage: "threshold-1.0", needs: 0 },
    { id: REUSED, stage: "threshold-1.0", needs: 0 },
    { id: SUM, stage: "sum-1.0", needs: 1 },
  ],
};
const SLURM_IDS = new Map([
  [FIRST, "7_1"],
  [SECOND, "7_2"],
  [SUM, "8_1"],
]);

function makeLook(events: readonly JobEvent[], more: Partial<Look> = {}): Look {
  const scheduler = { isUp: true, seenAt: "2026-03-01T10:05:00.000Z" };
  const known = { id: ID, plan: PLAN, slurmIds: SLURM_IDS, scheduler, handOver: "yes", isRelayAlive: true } as const;
  return { ...known, events, readBytes: 0, ...more };
}

function readStates(status: SubmissionStatus): string[] {
  return [FIRST, SECOND, SUM, REUSED].map((id) => status.records.get(id)?.state ?? "");
}

test("before anything is known jobs are queued, and reused ones done", () => {
  expect(readStates(addLook(undefined, makeLook([])))).toEqual(["queued", "queued", "queued", "reused"]);
});

test("events give the same states however they are spread over looks, in any order, any number of times", () => {
  const all = [
    event({ job: FIRST, state: "RUNNING" }),
    event({ job: FIRST, state: "PENDING", reason: "Priority" }),
    event({ job: FIRST }),
    event({ job: SECOND, state: "REQUEUED" }),
    event({ job: SECOND, state: "RUNNING", attempt: 2 }),
    event({ job: SECOND, state: "FAILED", attempt: 2, exitCode: 3 }),
    event({ job: SUM, state: "CANCELLED", reason: "DependencyNeverSatisfied" }),
  ];
  const spread = fc.shuffledSubarray([...all, ...all], { minLength: 14 }).chain((events) =>
    fc.array(fc.nat(14), { maxLength: 5 }).map((cuts) => {
      const sorted = [0, ...cuts.toSorted((left, right) => left - right), events.length];
      return sorted.slice(1).map((end, at) => events.slice(sorted[at], end));
    }),
  );
  fc.assert(
    fc.property(spread, (looks) => {
      let status: SubmissionStatus | undefined;
      for (const events of looks) status = addLook(status, makeLook(events));
      return readStates(status ?? addLook(undefined, makeLook([]))).join() === "succeeded,failed,skipped,reused";
    }),
  );
});

test("jobs that were never handed over are cancelled once nobody hands them over any more", () => {
  const slurmIds = new Map([[FIRST, "7_1"]]);
  const early = addLook(undefined, makeLook([], { slurmIds, handOver: "no" }));
  expect(readStates(early)).toEqual(["queued", "queued", "queued", "reused"]);
  const { plan: _, ...later } = makeLook([event({ job: FIRST })], { slurmIds, handOver: "broken" });
  const status = addLook(early, later);
  expect(readStates(status)).toEqual(["succeeded", "cancelled", "cancelled", "reused"]);
  expect(isConcluded(status)).toBe(true);
});

test("who needs the success of a cancelled job will not run; who waits for its end alone will", () => {
  const status = addLook(undefined, makeLook([event({ job: SECOND, state: "RUNNING" })]));
  expect(planCancellation(status, [FIRST])).toEqual({ jobs: [FIRST], waiting: [SUM] });
  expect(planCancellation(status, [SECOND])).toEqual({ jobs: [SECOND], waiting: [] });
  expect(planCancellation(status)).toEqual({ jobs: [FIRST, SECOND, SUM], waiting: [] });
  const ended = addLook(status, makeLook([event({ job: FIRST })]));
  expect(planCancellation(ended, [FIRST])).toEqual({ jobs: [], waiting: [] });
});

/** An answer as the target's programs print it. */
function renderAnswer(kept: string, now: string, extra = ""): Buffer {
  const head = `Welcome to cluster, M is not the mark\nM id ${ID}\nM scheduler up\nM seen 1772359500\nM relay alive\nM handed yes\n`;
  return Buffer.from(`${extra}${head}M events ${Buffer.byteLength(kept)}\n${kept}\nM now\n${now}M end\n`);
}

const line = (fields: Parameters<typeof event>[0]): string => `${JSON.stringify(event(fields))}\n`;

test("what a login prints before the answer is passed over, and so are lines that are no events", () => {
  const torn = '{"id":"7_1.0.RUN\n';
  const kept = `${line({ job: FIRST, state: "RUNNING" })}${torn}${line({ job: FIRST })}`;
  const look = readLook(splitAnswer(renderAnswer(kept, line({ job: SECOND }), "motd: M\n"), "M"), "cluster");
  expect(look.events.map(({ job, state }) => `${job.slice(31, 32)} ${state}`)).toEqual([
    "1 RUNNING",
    "1 COMPLETED",
    "2 COMPLETED",
  ]);
  expect(look).toMatchObject({
    readBytes: Buffer.byteLength(kept),
    scheduler: { isUp: true, seenAt: "2026-03-01T10:05:00.000Z" },
  });
});

test("a line that is still being written is left for the next look, whatever bytes it has", () => {
  const whole = line({ job: FIRST, state: "RUNNING", reason: "naïve ✓" });
  const part = Buffer.concat([Buffer.from(whole), Buffer.from(whole).subarray(0, -30)]).toString("utf8");
  const look = readLook(splitAnswer(renderAnswer(part, ""), "M"), "cluster");
  expect([look.events.length, look.readBytes]).toEqual([1, Buffer.byteLength(whole)]);
});

test("an answer that was cut off is none", () => {
  const answer = renderAnswer("", "").subarray(0, -6);
  expect(() => readLook(splitAnswer(answer, "M"), "cluster")).toThrow(
    expect.objectContaining({ code: "SSH_COMMAND_FAILED" }),
  );
});
