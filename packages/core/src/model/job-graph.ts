// Which job waits for which. Pure. Only wires count: an intra-pipeline wire needs its producer's success, an inter-run
// wire all jobs of the other run, with success when hard, ended in any way when soft.
import { RepxError } from "./errors.ts";
import type { JobId, RunName } from "./ids.ts";
import type { InputMapping, Lab, LabRun } from "./lab.ts";

/** A job that another waits for, and how. */
export interface Upstream {
  readonly id: JobId;
  readonly kind: "hard" | "soft";
}

/** Who waits for whom; every key is a job of the selected runs. */
export type JobDependencies = ReadonlyMap<JobId, readonly Upstream[]>;

/** Finds what every job of the given runs waits for, which may lie in runs that were not given. */
export function dependenciesOf(lab: Lab, runs: readonly RunName[]): JobDependencies {
  const dependencies = new Map<JobId, readonly Upstream[]>();
  for (const name of runs) {
    const run = lab.runs.get(name);
    for (const id of run?.jobIds ?? []) {
      if (run !== undefined && !dependencies.has(id)) dependencies.set(id, listUpstream(lab, run, id));
    }
  }
  return dependencies;
}

/** Orders jobs so that each comes after all that it waits for; otherwise as they were. LAB_INVALID names a cycle. */
export function orderJobs(dependencies: JobDependencies): JobId[] {
  const order: JobId[] = [];
  const state = new Map<JobId, "open" | "done">();
  // An explicit stack: a chain may be longer than the call stack is deep.
  for (const root of dependencies.keys()) {
    const path: { readonly id: JobId; next: number }[] = [{ id: root, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const upstream = dependencies.get(top.id)?.[top.next++];
      if (state.get(top.id) === "done" || upstream === undefined) {
        if (state.get(top.id) !== "done") order.push(top.id);
        state.set(top.id, "done");
        path.pop();
      } else {
        state.set(top.id, "open");
        if (state.get(upstream.id) === "open")
          throw describeCycle(
            path.map((step) => step.id),
            upstream.id,
          );
        if (dependencies.has(upstream.id) && !state.has(upstream.id)) path.push({ id: upstream.id, next: 0 });
      }
    }
  }
  return order;
}

function listUpstream(lab: Lab, run: LabRun, id: JobId): Upstream[] {
  const kinds = new Map<JobId, "hard" | "soft">();
  const add = (upstream: JobId, kind: "hard" | "soft"): void => {
    if (kinds.get(upstream) !== "hard") kinds.set(upstream, kind);
  };
  for (const mapping of listMappings(lab, id)) {
    if (mapping.job_id !== null && mapping.job_id !== undefined && mapping.job_id !== "self")
      add(mapping.job_id, "hard");
    if (mapping.source_run === null || mapping.source_run === undefined) continue;
    const kind = mapping.dependency_type ?? run.dependencies.get(mapping.source_run) ?? "hard";
    for (const upstream of lab.runs.get(mapping.source_run)?.jobIds ?? []) add(upstream, kind);
  }
  return [...kinds].map(([upstream, kind]) => ({ id: upstream, kind }));
}

function listMappings(lab: Lab, id: JobId): InputMapping[] {
  return Object.values(lab.jobs.get(id)?.executables ?? {}).flatMap((executable) => executable.inputs);
}

function describeCycle(path: readonly JobId[], closing: JobId): RepxError {
  const cycle = [...path.slice(path.indexOf(closing)), closing];
  return new RepxError("LAB_INVALID", `jobs wait for each other: ${cycle.join(" -> ")}`, {
    hint: "Build the Lab again with an unchanged definition library; a Lab's jobs form no cycle.",
    details: { cycle },
  });
}
