import { EventId, LabHash, RunName, SubmissionId, type JobId, type JobRecord } from "@repx/core/model";
import type { SubmissionStatus } from "@repx/core/submissions";
import { expect, test } from "vitest";
import { jobId } from "../../../core/src/model/events.fixture.ts";
import { keepScreen } from "../command.fixture.ts";
import { renderProgress, renderStatus } from "./render-status.ts";

const ID = SubmissionId.parse("s0123456789abcdefghijklmno");

/** A submission of one run, whose jobs are in these states. */
function makeStatus(
  stages: Readonly<Record<string, readonly Partial<JobRecord>[]>>,
  more: Partial<SubmissionStatus> = {},
): SubmissionStatus {
  let nth = 0;
  const entries = Object.entries(stages).flatMap(([stage, records]) =>
    records.map((record): [JobId, string, JobRecord] => {
      nth += 1;
      return [jobId(nth, stage), stage, { state: "queued", attempt: 1, ...record }];
    }),
  );
  const runs = [{ name: RunName.parse("simulation"), jobs: entries.map(([id]) => id) }];
  const ids = entries.map(([id]) => id);
  return {
    id: ID,
    plan: {
      createdAt: "2026-03-01T10:00:00Z",
      target: "cluster",
      lab: { hash: LabHash.parse("0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5"), folder: "/nix/store/x" },
      runs,
      toRun: ids,
      reused: [],
      shared: [],
      dependencies: [[]],
      jobs: entries.map(([id, stage]) => ({ id, stage, needs: 0 })),
    },
    runs,
    records: new Map(entries.map(([id, , record]) => [id, record])),
    slurmIds: new Map(),
    scheduler: { isUp: true, seenAt: "2026-03-01T10:10:00.000Z" },
    handOver: "yes",
    isRelayAlive: true,
    ...more,
  };
}

const evidence = { id: EventId.parse("7_1.0.FAILED"), at: "2026-03-01T10:00:00Z", weight: 3 };
const MIXED = makeStatus({
  "percolation-with-a-long-name-1.0": [
    { state: "succeeded" },
    { state: "failed", exitCode: 3, node: "node17", evidence },
    { state: "running", startedAt: "2026-03-01T10:04:30Z" },
    { state: "running", startedAt: "2026-03-01T10:09:00Z" },
    { reason: "Resources" },
    { reason: "Priority" },
    { reason: "Priority" },
  ],
  "summary-1.0": [{ reason: "Dependency" }, { state: "skipped" }],
});

function render(status: SubmissionStatus, columns: number): string {
  const screen = keepScreen(columns, { NO_COLOR: "1" });
  return renderStatus(status, "cluster (ada@login.example.org:22)", screen, (id) => id.slice(24, 32)).join("\n");
}

test("a submission under way is told by run and stage, with running time, reasons and what failed", () => {
  expect(`\n${render(MIXED, 80)}`).toBe(`
Submission s0123456789abcdefghijklmno on cluster (ada@login.example.org:22)
  Lab 0c3f6w9x, 2026-03-01 10:00 UTC
simulation: running: 3 of 9 jobs done, 1 failed, 1 not run
  STAGE                   JOBS  DONE  RUN  WAIT  FAIL  SKIP  NOTE
  percolation-with-a-lo…     7     1    2     3     1        up to 5 min 30 s; …
  summary-1.0                2                1           1  waits: Dependency
Did not succeed:
  JOB       STAGE                             END                  NODE
  00000002  percolation-with-a-long-name-1.0  failed, exit code 3  node17`);
  expect(render(MIXED, 120)).toContain("up to 5 min 30 s; waits: Priority, Resources");
});

test("of a job that runs again with more it is told what it was given", () => {
  const reason = "again with mem 80M after OUT_OF_MEMORY";
  const again = { attempt: 2, startedAt: "2026-03-01T10:09:00Z", reason };
  const status = makeStatus({
    "a-1.0": [
      { state: "running", ...again },
      { attempt: 2, reason: `BeginTime, ${reason}` },
    ],
  });
  expect(render(status, 160)).toContain(
    "for 1 min 0 s; again with mem 80M after OUT OF MEMORY; waits: BeginTime, again with mem 80M after OUT OF MEMORY",
  );
});

test("a scheduler that does not answer, and jobs that nobody hands over, are told below", () => {
  const scheduler = { isUp: false, seenAt: "2026-03-01T10:10:00.000Z", error: "slurm_load_jobs error" };
  const told = render(makeStatus({ "a-1.0": [{}] }, { scheduler, handOver: "no" }), 80);
  expect(told).toContain("The scheduler does not answer; this is what was known at 2026-03-01 10:10 UTC.");
  expect(told).toContain("The jobs are still being handed over, or that was interrupted.");
});

test("no line is wider than the terminal", () => {
  for (const columns of [40, 79, 80]) {
    expect(
      Math.max(
        ...render(MIXED, columns)
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(columns);
  }
});

test("progress counts what ended, what did not succeed and what is open", () => {
  expect(renderProgress(MIXED)).toBe("3 of 9 jobs ended (2 running, 4 queued, 2 not succeeded)");
});
