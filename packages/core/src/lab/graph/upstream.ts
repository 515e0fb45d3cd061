import type { JobId, RunName } from "../../model/ids.ts";
import type { InputMapping, Lab } from "../../model/lab.ts";

/** Lists the jobs whose outputs any program of a job reads, by id. */
export function listUpstreamJobs(lab: Lab, id: JobId): JobId[] {
  const ids = listMappings(lab, id).flatMap(({ job_id: upstream }) =>
    upstream === null || upstream === undefined || upstream === "self" ? [] : [upstream],
  );
  return [...new Set(ids)].toSorted();
}

/** Lists the runs that a job reads from. */
export function listUpstreamRuns(lab: Lab, id: JobId): RunName[] {
  return [...new Set(listMappings(lab, id).flatMap(({ source_run: run }) => run ?? []))];
}

/** Lists the runs that must have ended with success before a job, which is of the run `of`, begins. */
export function listNeededRuns(lab: Lab, of: RunName, id: JobId): RunName[] {
  const needed = listMappings(lab, id).flatMap(({ source_run: run, dependency_type: type }) => {
    if (run === null || run === undefined) return [];
    return (type ?? lab.runs.get(of)?.dependencies.get(run) ?? "hard") === "hard" ? [run] : [];
  });
  return [...new Set(needed)];
}

/** Lists the wires into all programs of a job. */
export function listMappings(lab: Lab, id: JobId): readonly InputMapping[] {
  return Object.values(lab.jobs.get(id)?.executables ?? {}).flatMap((executable) => executable.inputs);
}
