import type { LabJob, ResourceHints } from "./lab.ts";
import { readMebibytes } from "./read-mebibytes.ts";

/**
 * Chooses what a job asks of the scheduler. A scatter-gather job may have to run its parts one after another in one allocation: it
 * gets what the stage asks for, or else the most memory and cores that a part asks for, and the first partition that one names.
 */
export function chooseHints(job: LabJob | undefined): ResourceHints | undefined {
  const own = job?.resource_hints ?? undefined;
  if (job?.stage_type !== "scatter-gather" || own !== undefined) return own;
  return combineHints(Object.values(job.executables).flatMap((part) => part.resource_hints ?? []));
}

/** Chooses what a task asks for that runs all steps of one work item of a scatter-gather job, one after another. */
export function chooseStepHints(job: LabJob): ResourceHints {
  const steps = Object.entries(job.executables).filter(([name]) => name.startsWith("step-"));
  return combineHints(steps.flatMap(([, step]) => step.resource_hints ?? []));
}

function combineHints(hints: readonly ResourceHints[]): ResourceHints {
  const cpus = Math.max(0, ...hints.map((one) => one.cpus ?? 0));
  const mem = hints
    .flatMap((one) => one.mem ?? [])
    // What is no size counts least: the scheduler will say so.
    .toSorted((left, right) => (readMebibytes(left) ?? 0) - (readMebibytes(right) ?? 0))
    .at(-1);
  return {
    ...(cpus === 0 ? {} : { cpus }),
    ...(mem === undefined ? {} : { mem }),
    partition: hints.find((one) => (one.partition ?? null) !== null)?.partition,
    sbatch_opts: [...new Set(hints.flatMap((one) => one.sbatch_opts ?? []))],
  };
}
