// How a submission stands, asked of the target as often as one likes: each look costs one remote command and one question to
// the scheduler, and brings only the events that are new.
import { randomUUID } from "node:crypto";
import { renderAbandonment } from "../../model/abandonment.ts";
import { RepxError } from "../../model/errors.ts";
import type { JobId } from "../../model/ids.ts";
import { isFinal, step, type JobRecord } from "../../model/job-state.ts";
import type { RunRecords } from "../../model/submission.ts";
import { runChecked, type Transport } from "../../target/transport/transport.ts";
import type { SubmissionPlan } from "../submission-plan.ts";
import { LOOK_ALL, LOOK_ONE } from "./look-script.ts";
import { readLook, refuseAnswer, splitAnswer, type Look } from "./parse-look.ts";

/** A submission as it stands. */
export interface SubmissionStatus extends Pick<Look, "id" | "scheduler" | "handOver" | "isRelayAlive"> {
  readonly plan: SubmissionPlan;
  readonly runs: SubmissionPlan["runs"];
  readonly records: ReadonlyMap<JobId, JobRecord>;
  /** What each job waits for: by it a job that was not run is told from what kept it from running. */
  readonly jobs?: RunRecords["jobs"];
  readonly slurmIds: ReadonlyMap<JobId, string>;
}

/** A submission that is looked at again and again. */
export interface SubmissionWatch {
  look(): Promise<SubmissionStatus>;
}

/** SLURM's clients give up on a controller after some seconds, twice; a loaded login node takes its time. */
const DEADLINE_SECONDS = 180;

/** Watches a submission, by the beginning of its id, or the newest one. The first look throws SUBMISSION_UNKNOWN. */
export function openWatch(transport: Transport, basePath: string, beginning: string | undefined): SubmissionWatch {
  let known: SubmissionStatus | undefined;
  let knownBytes = 0;
  return {
    async look() {
      const wantsRows = known?.handOver !== "yes";
      const words = [known?.id ?? beginning ?? "", String(knownBytes), known === undefined ? "plan" : ""];
      const parts = await askTarget(transport, basePath, LOOK_ONE, [...words, wantsRows ? "rows" : ""]);
      refuseNone(parts, beginning, basePath);
      const look = readLook(parts, transport.description);
      known = addLook(known, look);
      knownBytes += look.readBytes;
      return known;
    },
  };
}

/** The newest submissions of a target. */
export interface SubmissionList {
  /** How many there are. */
  readonly total: number;
  /** Newest first. */
  readonly submissions: readonly SubmissionStatus[];
  /** Ids of those among the newest that are not as they were written, or whose programs are gone. */
  readonly unreadable: readonly string[];
}

/** Looks at the newest submissions of a target. */
export async function listSubmissions(transport: Transport, basePath: string, most: number): Promise<SubmissionList> {
  const parts = await askTarget(transport, basePath, LOOK_ALL, [String(most), "0", "plan", "rows"]);
  const starts = parts.flatMap(({ word }, at) => (word === "id" ? [at] : []));
  const unreadable = parts.flatMap(({ word, value }) => (word === "unreadable" ? [value] : []));
  const submissions = starts.flatMap((start, nth) => {
    try {
      return [addLook(undefined, readLook(parts.slice(start, starts[nth + 1]), transport.description))];
    } catch (error) {
      if (!(error instanceof RepxError)) throw error;
      unreadable.push(parts[start]?.value ?? "");
      return [];
    }
  });
  return { total: Number(parts.find(({ word }) => word === "total")?.value ?? 0), submissions, unreadable };
}

type Parts = ReturnType<typeof splitAnswer>;

async function askTarget(
  transport: Transport,
  basePath: string,
  script: string,
  words: readonly string[],
): Promise<Parts> {
  const mark = randomUUID();
  const chunks: Uint8Array[] = [];
  await runChecked(transport, {
    argv: ["sh", "-c", script, "look", basePath, mark, ...words],
    onStdout: (chunk) => void chunks.push(chunk),
    deadlineSeconds: DEADLINE_SECONDS,
  });
  const parts = splitAnswer(Buffer.concat(chunks), mark);
  if (parts.length === 0) throw refuseAnswer(transport.description);
  return parts;
}

function refuseNone(parts: Parts, beginning: string | undefined, basePath: string): void {
  const first = parts[0];
  if (first?.word === "unreadable") {
    throw new RepxError(
      "SUBMISSION_UNREADABLE",
      `the programs of submission ${first.value} are gone from ${basePath}`,
      {
        hint: "What its jobs left is still there: `repx pull`, or `repx log JOB`.",
      },
    );
  }
  if (first?.word === "many") {
    throw new RepxError("SUBMISSION_UNKNOWN", `more than one submission begins with ${beginning ?? ""}`, {
      hint: `Write more characters: ${first.value.split(" ").slice(0, 5).join(", ")}.`,
    });
  }
  if (first?.word !== "none") return;
  const what =
    beginning === undefined ? "no submission" : `no submission that begins with ${JSON.stringify(beginning)}`;
  throw new RepxError("SUBMISSION_UNKNOWN", `there is ${what} under ${basePath}`, {
    hint:
      beginning === undefined
        ? "Submit runs of a Lab with `repx run`, or name another target with --target."
        : "`repx status --all` lists the submissions of a target.",
  });
}

/** Takes what a look brought into what was known. Pure. */
export function addLook(known: SubmissionStatus | undefined, look: Look): SubmissionStatus {
  const plan = known?.plan ?? look.plan;
  if (plan === undefined) throw new TypeError("the first look at a submission brings its plan");
  const slurmIds = look.slurmIds ?? known?.slurmIds ?? new Map<JobId, string>();
  const records = new Map(known?.records ?? startRecords(plan));
  for (const event of look.events) {
    const record = records.get(event.job);
    if (record !== undefined) records.set(event.job, step(record, event));
  }
  if (look.handOver !== "no") abandon(records, plan, slurmIds, look.handOver);
  const { id, scheduler, handOver, isRelayAlive } = look;
  const jobs = known?.jobs ?? indexJobs(plan);
  return { id, scheduler, handOver, isRelayAlive, plan, runs: plan.runs, jobs, records, slurmIds };
}

function indexJobs(plan: SubmissionPlan): NonNullable<RunRecords["jobs"]> {
  const lists = plan.dependencies.map((list) => ({ dependsOn: list.map(({ id }) => id) }));
  return new Map(plan.jobs.map(({ id, needs }) => [id, lists[needs] ?? { dependsOn: [] }]));
}

function startRecords(plan: SubmissionPlan): [JobId, JobRecord][] {
  const reused = new Set(plan.reused);
  return plan.jobs.map(({ id }) => [id, { state: reused.has(id) ? "reused" : "queued", attempt: 0 }]);
}

/** Nobody hands them over any more. */
function abandon(
  records: Map<JobId, JobRecord>,
  plan: SubmissionPlan,
  slurmIds: ReadonlyMap<JobId, string>,
  handOver: "yes" | "broken",
): void {
  const reason =
    handOver === "yes" ? "never handed to the scheduler" : "submitting broke off before it was handed to the scheduler";
  for (const job of plan.toRun) {
    const record = records.get(job);
    if (record === undefined || slurmIds.has(job) || isFinal(record.state)) continue;
    records.set(job, step(record, renderAbandonment(job, reason, plan.createdAt)));
  }
}
