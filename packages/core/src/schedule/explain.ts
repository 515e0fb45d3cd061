// Why jobs run. Pure: from the plan, what the target says, and what it has records of, in any order.
import type { JobId } from "../model/ids.ts";
import type { EarlierJob } from "./earlier-jobs.ts";
import { listDifferences, nameCode, nameStage, type JobIdentity } from "./job-identity.ts";
import { indexEarlierJobs, nameList } from "./nearest-job.ts";
import type { Again, JobFacts, Plan } from "./plan.ts";

/** Why one job runs. */
export type Reason =
  /** It was wished, though the job succeeded. */
  | { readonly kind: "forced" }
  | { readonly kind: "revision"; readonly wanted: number; readonly found?: number }
  /** The last attempt ended badly: when, and what the scheduler called it. */
  | { readonly kind: "failed"; readonly state?: string; readonly at?: string }
  /** There is a folder without a marker, and nobody saw an end. */
  | { readonly kind: "incomplete"; readonly at?: string }
  /** The nearest earlier job of the stage, and what is other now. Nothing is: then its outputs or wires are. */
  | {
      readonly kind: "changed";
      readonly nearest: JobId;
      readonly code: boolean;
      readonly parameters: readonly ParameterChange[];
      /** The first twenty of them. */
      readonly inputs: readonly InputChange[];
    }
  /** No job of this stage has been there. */
  | { readonly kind: "first" };

/** A side is missing where the job has no such parameter. */
export interface ParameterChange {
  readonly name: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** Jobs that are read from: of one stage, by turns; a side is missing where there is one more now, or one less. */
export interface InputChange {
  readonly from?: JobId;
  readonly to?: JobId;
}

/** What an explanation is made from. */
export interface Evidence {
  readonly plan: Pick<Plan, "toRun" | "again">;
  readonly facts: JobFacts;
  /** The jobs of the plan. */
  readonly jobs: ReadonlyMap<JobId, JobIdentity>;
  readonly earlier: readonly EarlierJob[];
}

/** Explains every job that is to run. */
export function explainPlan({ plan, facts, jobs, earlier }: Evidence): ReadonlyMap<JobId, Reason> {
  const records = new Map(earlier.map((job) => [job.id, job]));
  const findNearest = indexEarlierJobs(earlier);
  // What stood where a job stands now; jobs come after those that they read from.
  const predecessors = new Map<JobId, JobId>();
  // Jobs that read a whole run have one list between them: it is gone through once.
  const lookBack = rememberLists((list) => list.map((id) => predecessors.get(id) ?? id));
  const compare = rememberLists((now) => rememberLists((before) => pairInputs(before, now), nameList));
  return new Map(
    plan.toRun.map((id): [JobId, Reason] => {
      const own = explainByItself(id, plan.again.get(id), facts, records.get(id));
      const job = jobs.get(id);
      if (own !== undefined || job === undefined) return [id, own ?? { kind: "first" }];
      const nearest = findNearest(job, lookBack(job.dependsOn));
      if (nearest === undefined) return [id, { kind: "first" }];
      predecessors.set(id, nearest.id);
      return [id, describeChange(job, nearest, compare(job.dependsOn)(nearest.dependsOn))];
    }),
  );
}

/** What happened to this very job; undefined when it was never begun. */
function explainByItself(
  id: JobId,
  again: Again | undefined,
  facts: JobFacts,
  record: EarlierJob | undefined,
): Reason | undefined {
  if (facts.succeeded.has(id)) {
    if (typeof again !== "number") return { kind: "forced" };
    const found = facts.revisions.get(id);
    return { kind: "revision", wanted: again, ...(found === undefined ? {} : { found }) };
  }
  const at = record?.at === undefined ? {} : { at: record.at };
  const state = record?.state;
  if (facts.failed.has(id) || (state !== undefined && facts.incomplete.has(id))) {
    return { kind: "failed", ...(state === undefined ? {} : { state }), ...at };
  }
  return facts.incomplete.has(id) ? { kind: "incomplete", ...at } : undefined;
}

function describeChange(job: JobIdentity, nearest: EarlierJob, inputs: readonly InputChange[]): Reason {
  const [before, now] = [nameCode(nearest), nameCode(job)];
  return {
    kind: "changed",
    nearest: nearest.id,
    code: (before !== undefined && now !== undefined && before !== now) || nearest.stage !== job.stage,
    parameters: listDifferences(nearest.parameters, job.parameters).map((name) => ({
      name,
      ...(Object.hasOwn(nearest.parameters, name) ? { from: nearest.parameters[name] } : {}),
      ...(Object.hasOwn(job.parameters, name) ? { to: job.parameters[name] } : {}),
    })),
    inputs,
  };
}

/** Computes an answer once for each list, or for each name of a list. */
function rememberLists<Answer>(
  compute: (list: readonly JobId[]) => Answer,
  name: (list: readonly JobId[]) => unknown = (list) => list,
): (list: readonly JobId[]) => Answer {
  const answers = new Map<unknown, Answer>();
  return (list) => {
    const key = name(list);
    const answer = answers.get(key) ?? compute(list);
    answers.set(key, answer);
    return answer;
  };
}

/** Whoever reads a run of ten thousand jobs reads one more: nobody wants to see the others. */
const MOST_INPUTS = 20;

/** Pairs what is gone with what is new, by the stage in their ids. */
function pairInputs(before: readonly JobId[], now: readonly JobId[]): InputChange[] {
  const [had, has] = [new Set(before), new Set(now)];
  const gone = Map.groupBy(before.filter((id) => !has.has(id)).toSorted(), readStage);
  const come = Map.groupBy(now.filter((id) => !had.has(id)).toSorted(), readStage);
  const stages = [...new Set([...gone.keys(), ...come.keys()])].toSorted();
  const changes = stages.flatMap((stage) => {
    const [from, to] = [gone.get(stage) ?? [], come.get(stage) ?? []];
    return Array.from({ length: Math.max(from.length, to.length) }, (_, at) => {
      const [left, right] = [from[at], to[at]];
      return { ...(left === undefined ? {} : { from: left }), ...(right === undefined ? {} : { to: right }) };
    });
  });
  return changes.slice(0, MOST_INPUTS);
}

function readStage(id: JobId): string {
  return id.slice(33);
}

/** Names the stages whose earlier jobs are wanted: those of jobs that nothing but another job can explain. */
export function listUnexplained({ plan, facts, jobs }: Omit<Evidence, "earlier">): string[] {
  const unexplained = plan.toRun.filter(
    (id) => explainByItself(id, plan.again.get(id), facts, undefined) === undefined,
  );
  return [...new Set(unexplained.flatMap((id) => jobs.get(id) ?? []).map(nameStage))].toSorted();
}
