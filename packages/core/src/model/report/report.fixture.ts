// Submissions in the states that reports are written about.
import { after, event, jobId, submission } from "../events.fixture.ts";
import type { CheckReport } from "./check-report.ts";
import { RunName } from "../ids.ts";
import type { JobEvent } from "../protocol.ts";
import type { Submission } from "../submission.ts";

/** The one job of the run `analysis`. */
export const SUMMARY = jobId(99, "summary-1.0");

/** Where a person reads more. */
export const LINKS = {
  serverUrl: "https://github.com",
  detailsUrl: "https://repx.example.org/submissions/s0123456789abcdefghijklmno",
};

const METRICS = JSON.stringify({ percolation_threshold: { value: 0.592731, error: 0.00042 }, jobs: 3 });

/** A submission whose Lab others can build, and of whose stages it is known where they lie. */
export function study(count = 3): Submission {
  const start = submission(count);
  const jobs = [...start.jobs].map(
    ([id, job]) =>
      [
        id,
        {
          ...job,
          stageAt: { path: `study/${job.stage.replace(/-1\.0$/, "")}.nix`, line: 4 },
          resourcesAt: { path: "resources.toml", line: 12 },
        },
      ] as const,
  );
  return { ...start, labReference: ".#lab", jobs: new Map(jobs) };
}

/** The end of a job that ran for a while on a node of four cores. */
export function ran(nth: number, fields: Partial<JobEvent> = {}): JobEvent {
  const given = { node: `n${nth}`, elapsedSeconds: 1800, cpus: 4, nodes: 1, memoryMebibytes: 8192 };
  return event({ job: jobId(nth), ...given, ...fields });
}

/** Two jobs ran, one was reused, and the summary has numbers. */
export function makePassed(): Submission {
  const start = study();
  const reused = { ...start, records: new Map(start.records).set(jobId(1), { state: "reused", attempt: 0 }) };
  return after(reused, [ran(2), ran(3), event({ job: SUMMARY, metricsText: METRICS })]);
}

/** One job of three failed, and so the analysis was not run. */
export function makeFailed(): Submission {
  return after(study(), [
    ran(1),
    ran(2, {
      state: "FAILED",
      exitCode: 3,
      reason: "NonZeroExitCode",
      marker: "FAIL",
      logTail: "reading sites\n```\n\u001b[31mno lattice\u001b[0m <b>@everyone</b>\n",
    }),
    ran(3),
    event({ job: SUMMARY, state: "CANCELLED", reason: "DependencyNeverSatisfied" }),
  ]);
}

/** Two jobs were out of memory, one of them twice, and one was cut off. */
export function makeShort(): Submission {
  const retry = "again with mem 8192M after OUT_OF_MEMORY";
  const out = { state: "OUT_OF_MEMORY", peakMebibytes: 8100, exitCode: 0, signal: 125 } as const;
  return after(study(), [
    ran(1, { state: "RUNNING", at: "2026-03-01T09:00:00Z", memoryMebibytes: 4096 }),
    ran(1, {
      state: "REQUEUED",
      at: "2026-03-01T09:20:00Z",
      memoryMebibytes: 4096,
      elapsedSeconds: 1200,
      reason: retry,
    }),
    ran(1, { state: "RUNNING", attempt: 2, at: "2026-03-01T09:30:00Z", reason: retry }),
    ran(1, { ...out, attempt: 2, logTail: "allocating 9 GiB\nKilled\n" }),
    ran(2, out),
    ran(3, { state: "TIMEOUT", elapsedSeconds: 3620 }),
  ]);
}

/** A node failed, twice under the same job; `isAdvisory` as asked. */
export function makeLost(isAdvisory: boolean): Submission {
  const lost = after(study(), [
    ran(1),
    ran(2, { state: "RUNNING", at: "2026-03-01T08:00:00Z" }),
    ran(2, { state: "PREEMPTED", at: "2026-03-01T08:30:00Z", exitCode: 0, signal: 15 }),
    ran(2, { state: "REQUEUED", at: "2026-03-01T08:31:00Z" }),
    ran(2, { state: "RUNNING", attempt: 2, at: "2026-03-01T09:00:00Z", node: "n7" }),
    ran(2, { state: "NODE_FAIL", attempt: 2, node: "n7" }),
    ran(3),
  ]);
  return { ...lost, runs: lost.runs.map((run) => ({ ...run, isAdvisory })) };
}

/** Many experiments: of each run one job, and the first of them failed. */
export function makeMany(runs: number, failed: number): Submission {
  const start = study(runs);
  const names = Array.from({ length: runs }, (_, index) =>
    RunName.parse(`sweep-${String(index + 1).padStart(3, "0")}`),
  );
  const many = { ...start, runs: names.map((name, index) => ({ name, jobs: [jobId(index + 1)] })) };
  const ends = names.map((_, index) => ran(index + 1, index < failed ? { state: "FAILED", exitCode: 1 } : {}));
  return after(many, ends);
}

/** A check as one text, in the order in which GitHub shows it. */
export function renderPage(check: CheckReport): string {
  const head = `${check.name}: ${check.status}${check.conclusion === undefined ? "" : ` ${check.conclusion}`}`;
  const buttons = check.actions.map(({ label, description }) => `[${label}] ${description}`);
  const marks = check.annotations.map(
    ({ path, start_line: line, title, message }) => `${path}:${line} ${title}\n${message.replaceAll(/^/gm, "  ")}`,
  );
  return [head, check.title, ...buttons, check.summary, ...(check.text === "" ? [] : [check.text]), ...marks].join(
    "\n\n",
  );
}
