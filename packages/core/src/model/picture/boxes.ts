// Which jobs are drawn as one, and in which order. A job of several runs is drawn in the first of them alone.
import type { JobId, RunName } from "../ids.ts";
import type { InputMapping, Lab, LabJob } from "../lab.ts";
import { compareText } from "./compare-text.ts";

/** Jobs that are drawn as one: those of a stage in a run, or a single job. */
export interface Box {
  readonly id: string;
  readonly run: RunName;
  /** The jobs' name, `<stage>-<version>`. */
  readonly stage: string;
  readonly jobs: readonly JobId[];
  /** Of the jobs' stage in this run: more than `jobs` where each job is a box of its own. */
  readonly stageJobs: readonly JobId[];
  /** Whether it is drawn in its parts: scatter, steps and gather. */
  readonly hasParts: boolean;
}

/** A wire from another job's output, and which program of the job reads it. */
export interface Wire {
  readonly upstream: JobId;
  readonly program: string;
  readonly mapping: InputMapping;
}

/** Collects the boxes of the given runs: run by run, upstream first, then by name. */
export function collectBoxes(lab: Lab, runs: readonly RunName[], detail: "stages" | "jobs"): Box[] {
  const depths = measureDepths(lab);
  const drawn = new Set<JobId>();
  const boxes: Omit<Box, "id">[] = [];
  for (const run of runs) {
    const own = (lab.runs.get(run)?.jobIds ?? []).filter((id) => lab.jobs.has(id) && !drawn.has(id));
    for (const id of own) drawn.add(id);
    const depthOf = (box: Omit<Box, "id">): number =>
      box.jobs.reduce((least, id) => Math.min(least, depths.get(id) ?? 0), Number.POSITIVE_INFINITY);
    const found = [...Map.groupBy(own, (id) => lab.jobs.get(id)?.name ?? "")]
      .flatMap(([stage, jobs]) => splitStage(lab, run, stage, jobs, detail))
      .map((box) => ({ box, depth: depthOf(box) }))
      .toSorted((one, other) => one.depth - other.depth || compareBoxes(one.box, other.box));
    boxes.push(...found.map(({ box }) => box));
  }
  return boxes.map((box, index) => ({ id: `s${index}`, ...box }));
}

function splitStage(
  lab: Lab,
  run: RunName,
  stage: string,
  jobs: readonly JobId[],
  detail: "stages" | "jobs",
): Omit<Box, "id">[] {
  const common = { run, stage, stageJobs: jobs };
  if (detail === "jobs") return jobs.map((id) => ({ ...common, jobs: [id], hasParts: false }));
  const hasParts = jobs.some((id) => isScatterGather(lab.jobs.get(id)));
  return [{ ...common, jobs, hasParts }];
}

/** Tells whether a job is drawn as scatter, steps and gather. */
export function isScatterGather(job: LabJob | undefined): boolean {
  return job?.stage_type === "scatter-gather";
}

function compareBoxes(one: Omit<Box, "id">, other: Omit<Box, "id">): number {
  return compareText(one.stage, other.stage) || compareText(one.jobs[0] ?? "", other.jobs[0] ?? "");
}

/** Lists the wires that a job has from other jobs. */
export function listWires(job: LabJob | undefined): Wire[] {
  return Object.entries(job?.executables ?? {}).flatMap(([program, { inputs }]) =>
    inputs.flatMap((mapping): Wire[] => {
      const upstream = mapping.job_id;
      return upstream === null || upstream === undefined || upstream === "self" ? [] : [{ upstream, program, mapping }];
    }),
  );
}

/** The length of the longest chain of wires that leads to each job. */
function measureDepths(lab: Lab): Map<JobId, number> {
  const depths = new Map<JobId, number>();
  for (const root of lab.jobs.keys()) {
    const path: { readonly id: JobId; readonly wires: readonly Wire[]; next: number; depth: number }[] = [];
    const enter = (id: JobId): void => {
      // Known from the start, so that a cycle, which no checked Lab has, ends here.
      depths.set(id, 0);
      path.push({ id, wires: listWires(lab.jobs.get(id)), next: 0, depth: 0 });
    };
    if (!depths.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const wire = top.wires[top.next];
      if (wire === undefined) {
        depths.set(top.id, top.depth);
        path.pop();
      } else if (depths.has(wire.upstream)) {
        top.depth = Math.max(top.depth, (depths.get(wire.upstream) ?? 0) + 1);
        top.next++;
      } else enter(wire.upstream);
    }
  }
  return depths;
}
