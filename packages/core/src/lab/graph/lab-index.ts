// A Lab, with what questions about its jobs need. Pure.
import type { JobId, RunName } from "../../model/ids.ts";
import type { Lab } from "../../model/lab.ts";
import { listNeededRuns, listUpstreamJobs } from "./upstream.ts";

/** Lookups over one Lab. */
export interface LabIndex {
  readonly lab: Lab;
  /** Every job after all that it waits for. */
  readonly order: readonly JobId[];
  /** The runs that have a job, in the Lab's order. */
  readonly runsOf: ReadonlyMap<JobId, readonly RunName[]>;
  /** The jobs whose outputs a job reads, by id. */
  listUpstream(id: JobId): readonly JobId[];
  /** The runs that must have ended with success before a job begins. */
  listNeeds(id: JobId): readonly RunName[];
  /** Adds all jobs that those given need with success, directly or not; the answer is in the Lab's order. */
  close(ids: Iterable<JobId>): JobId[];
}

/** Prepares lookups; each job's are computed when they are asked for first. */
export function indexLab(lab: Lab, order: readonly JobId[]): LabIndex {
  const runsOf = new Map<JobId, RunName[]>();
  for (const { name, jobIds } of lab.runs.values()) {
    for (const id of jobIds) {
      const names = runsOf.get(id);
      if (names === undefined) runsOf.set(id, [name]);
      else names.push(name);
    }
  }
  const listUpstream = remember((id: JobId) => listUpstreamJobs(lab, id));
  const listNeeds = remember((id: JobId) => [
    ...new Set((runsOf.get(id) ?? []).flatMap((run) => listNeededRuns(lab, run, id))),
  ]);
  return {
    lab,
    order,
    runsOf,
    listUpstream,
    listNeeds,
    close: (ids) => {
      const found = closeOver(lab, ids, listUpstream, listNeeds);
      return order.filter((id) => found.has(id));
    },
  };
}

/** Computes an answer once for each job. */
export function remember<Answer>(compute: (id: JobId) => Answer): (id: JobId) => Answer {
  const answers = new Map<JobId, Answer>();
  return (id) => {
    const known = answers.get(id);
    if (known !== undefined) return known;
    const answer = compute(id);
    answers.set(id, answer);
    return answer;
  };
}

function closeOver(
  lab: Lab,
  ids: Iterable<JobId>,
  listUpstream: (id: JobId) => readonly JobId[],
  listNeeds: (id: JobId) => readonly RunName[],
): Set<JobId> {
  const found = new Set<JobId>();
  const runs = new Set<RunName>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const upstream of listUpstream(id)) waiting.push(upstream);
    for (const run of listNeeds(id)) {
      if (runs.has(run)) continue;
      runs.add(run);
      for (const upstream of lab.runs.get(run)?.jobIds ?? []) waiting.push(upstream);
    }
  }
  return found;
}
