// Finds the earlier job that a new one resembles most: of the same stage, with the fewest parameters that differ. Pure. Looks
// jobs up by their parameters, and by their parameters but one, so that a sweep is not compared with a sweep job by job.
import { createHash } from "node:crypto";
import type { JobId } from "../model/ids.ts";
import type { EarlierJob } from "./earlier-jobs.ts";
import { listDifferences, nameCode, nameStage, renderCanonical, type JobIdentity } from "./job-identity.ts";

/** Jobs of which two or more parameters differ are compared one by one: with so many of the newest of their stage. */
const MOST_COMPARED = 500;

/** Finds the nearest of the earlier jobs, whose order does not matter. `dependsOn` are the inputs that it most likely had. */
export type FindNearestJob = (job: JobIdentity, dependsOn: readonly JobId[]) => EarlierJob | undefined;

/** Prepares to look earlier jobs up. */
export function indexEarlierJobs(earlier: readonly EarlierJob[]): FindNearestJob {
  const ordered = earlier.toSorted(compareAge);
  const stages = Map.groupBy(ordered, nameStage);
  const best = new Map<string, EarlierJob>();
  for (const job of ordered) {
    for (const key of listOwnKeys(job, nameList(job.dependsOn))) if (!best.has(key)) best.set(key, job);
  }
  return (job, dependsOn) => {
    for (const keys of listWantedKeys(job, nameList(dependsOn))) {
      const found = keys.flatMap((key) => best.get(key) ?? []).filter(({ id }) => id !== job.id);
      const [nearest] = found.toSorted(compareAge);
      if (nearest !== undefined) return nearest;
    }
    return compareAll(job, stages.get(nameStage(job)) ?? []);
  };
}

/** Keys under which an earlier job is found: by all of its parameters, by those but a named one, by those but any one. */
function listOwnKeys(job: JobIdentity, inputs: string): string[] {
  const { whole, rests, render } = renderParts(job);
  const sets = [
    ["whole", whole],
    ...rests.flatMap(({ name, rest }) => [
      [`but ${name}`, rest],
      ["more than", rest],
    ]),
  ];
  return [
    render("whole", whole, "code", nameCode(job) ?? ""),
    ...sets.flatMap((set) => [render(...set), render(...set, "inputs", inputs)]),
  ];
}

/**
 * Keys of what resembles a job, those that tell most first: the same parameters, then one other value, one more, or one less.
 * Of keys side by side none tells more than the others.
 */
function listWantedKeys(job: JobIdentity, inputs: string): string[][] {
  const { whole, rests, render } = renderParts(job);
  const sets = [
    ["more than", whole],
    ...rests.flatMap(({ name, rest }) => [
      [`but ${name}`, rest],
      ["whole", rest],
    ]),
  ];
  return [
    [render("whole", whole, "inputs", inputs)],
    [render("whole", whole, "code", nameCode(job) ?? "")],
    [render("whole", whole)],
    sets.map((set) => render(...set, "inputs", inputs)),
    sets.map((set) => render(...set)),
  ];
}

function renderParts(job: JobIdentity): {
  readonly whole: string;
  readonly rests: readonly { readonly name: string; readonly rest: string }[];
  readonly render: (...words: readonly string[]) => string;
} {
  const stage = nameStage(job);
  const names = Object.keys(job.parameters).toSorted();
  const pairs = names.map((name) => `${JSON.stringify(name)}:${renderCanonical(job.parameters[name])}`);
  return {
    whole: pairs.join(","),
    rests: names.map((name, left) => ({ name, rest: pairs.filter((_, at) => at !== left).join(",") })),
    render: (...words) => digest([stage, ...words]),
  };
}

const names = new WeakMap<readonly JobId[], string>();

/** Names a list of jobs, whatever their order, by its content; each list is gone through once. */
export function nameList(list: readonly JobId[]): string {
  const name = names.get(list) ?? digest(list.toSorted());
  names.set(list, name);
  return name;
}

function compareAll(job: JobIdentity, candidates: readonly EarlierJob[]): EarlierJob | undefined {
  const code = nameCode(job);
  const rated = candidates
    .filter(({ id }) => id !== job.id)
    .slice(0, MOST_COMPARED)
    .map((candidate) => ({
      candidate,
      differences: listDifferences(job.parameters, candidate.parameters).length,
      isOtherCode: Number(nameCode(candidate) !== code),
    }));
  const [nearest] = rated.toSorted(
    (left, right) => left.differences - right.differences || left.isOtherCode - right.isOtherCode,
  );
  return nearest?.candidate;
}

/** The newest first; the id decides between equals. */
function compareAge(left: EarlierJob, right: EarlierJob): number {
  const [one, other] = [left.at ?? "", right.at ?? ""];
  if (one !== other) return one < other ? 1 : -1;
  return left.id < right.id ? -1 : 1;
}

function digest(words: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(words)).digest("base64url").slice(0, 22);
}
