import type { JobId, RunName } from "../../model/ids.ts";
import type { LabIndex } from "../graph/lab-index.ts";
import { readMarkers, type Marker } from "./target-markers.ts";

/** Where a job stands; blocked while it cannot begin because something that it needs has failed. */
export type JobStatus = "succeeded" | "failed" | "running" | "pending" | "blocked";

/** Reads the status of jobs from a target's files, all at once. */
export async function readStatuses(
  index: LabIndex,
  base: string,
  ids: readonly JobId[],
): Promise<ReadonlyMap<JobId, JobStatus>> {
  const closure = index.close(ids);
  const statuses = deriveStatuses(index, closure, await readMarkers(base, closure));
  return new Map(ids.map((id) => [id, statuses.get(id) ?? "pending"]));
}

/** `closure` holds with every job those that it needs, in the Lab's order. */
function deriveStatuses(
  index: LabIndex,
  closure: readonly JobId[],
  markers: ReadonlyMap<JobId, Marker>,
): Map<JobId, JobStatus> {
  const statuses = new Map<JobId, JobStatus>();
  const runs = new Map<RunName, boolean>();
  const hasFailed = (id: JobId): boolean => statuses.get(id) === "failed" || statuses.get(id) === "blocked";
  // All jobs of a run are before those that need it.
  const hasRunFailed = (name: RunName): boolean => {
    const known = runs.get(name) ?? (index.lab.runs.get(name)?.jobIds ?? []).some(hasFailed);
    runs.set(name, known);
    return known;
  };
  for (const id of closure) {
    const isBlocked = index.listUpstream(id).some(hasFailed) || index.listNeeds(id).some(hasRunFailed);
    statuses.set(id, markers.get(id) ?? (isBlocked ? "blocked" : "pending"));
  }
  return statuses;
}
