// Which job waits for which. Pure. Only wires count: an intra-pipeline wire needs its producer's success, an inter-run
// wire all jobs of the other run, with success when hard, ended in any way when soft.
import { RepxError } from "../../model/errors.ts";
import type { JobId, RunName } from "../../model/ids.ts";
import type { Lab, LabRun } from "../../model/lab.ts";
import { orderNodes } from "./order-nodes.ts";
import { listMappings } from "./upstream.ts";

/** A job that another waits for, and how. */
export interface Upstream {
  readonly id: JobId;
  readonly kind: "hard" | "soft";
}

/** Who waits for whom; every key is a job of the selected runs. Jobs that wait for the same run may share one list. */
export type JobDependencies = ReadonlyMap<JobId, readonly Upstream[]>;

/** Finds what every job of the given runs waits for, which may lie in runs that were not given. */
export function dependenciesOf(lab: Lab, runs: readonly RunName[]): JobDependencies {
  const dependencies = new Map<JobId, readonly Upstream[]>();
  const shared = new Map<string, readonly Upstream[]>();
  for (const name of runs) {
    const run = lab.runs.get(name);
    for (const id of run?.jobIds ?? []) {
      if (run !== undefined && !dependencies.has(id)) dependencies.set(id, findUpstream(lab, run, id, shared));
    }
  }
  return dependencies;
}

/** Orders jobs so that each comes after all that it waits for; otherwise as they were. LAB_INVALID names a cycle. */
export function orderJobs(dependencies: JobDependencies): JobId[] {
  const needed = new Map<readonly Upstream[], readonly JobId[]>();
  const listNeeded = (id: JobId): readonly JobId[] => {
    const upstream = dependencies.get(id) ?? [];
    const ids = needed.get(upstream) ?? upstream.map((one) => one.id).filter((one) => dependencies.has(one));
    needed.set(upstream, ids);
    return ids;
  };
  return orderNodes(dependencies.keys(), listNeeded, refuseCycle);
}

/** Where a wire comes from: a job, or all jobs of a run. */
interface Wire {
  readonly from: { readonly job: JobId } | { readonly run: RunName };
  readonly jobs: readonly JobId[];
  readonly kind: "hard" | "soft";
}

/** Ten thousand jobs that read a run of ten thousand jobs have one list, not one each. */
function findUpstream(lab: Lab, run: LabRun, id: JobId, shared: Map<string, readonly Upstream[]>): readonly Upstream[] {
  const wires = listWires(lab, run, id);
  const key = JSON.stringify(wires.map(({ from, kind }) => ({ ...from, kind })));
  const upstream = shared.get(key) ?? mergeWires(wires);
  shared.set(key, upstream);
  return upstream;
}

function listWires(lab: Lab, run: LabRun, id: JobId): Wire[] {
  return listMappings(lab, id).flatMap(({ job_id: job, source_run: name, dependency_type: type }) => {
    const wires: Wire[] = [];
    if (job !== null && job !== undefined && job !== "self") wires.push({ from: { job }, jobs: [job], kind: "hard" });
    if (name !== null && name !== undefined) {
      const jobs = lab.runs.get(name)?.jobIds ?? [];
      wires.push({ from: { run: name }, jobs, kind: type ?? run.dependencies.get(name) ?? "hard" });
    }
    return wires;
  });
}

function mergeWires(wires: readonly Wire[]): Upstream[] {
  const kinds = new Map<JobId, "hard" | "soft">();
  for (const { jobs, kind } of wires) {
    for (const job of jobs) if (kinds.get(job) !== "hard") kinds.set(job, kind);
  }
  return [...kinds].map(([id, kind]) => ({ id, kind }));
}

function refuseCycle(cycle: readonly JobId[]): RepxError {
  return new RepxError("LAB_INVALID", `jobs wait for each other: ${cycle.join(" -> ")}`, {
    hint: "Build the Lab again with an unchanged definition library; a Lab's jobs form no cycle.",
    details: { cycle },
  });
}
