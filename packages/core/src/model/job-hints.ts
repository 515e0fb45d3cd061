import type { LabJob, ResourceHints } from "./lab.ts";

/** Multiples of a mebibyte, SLURM's unit where none is given (sbatch(1), --mem). */
const MEBIBYTES = new Map([
  ["K", 1 / 1024],
  ["", 1],
  ["M", 1],
  ["G", 1024],
  ["T", 1024 * 1024],
]);

/**
 * Chooses what a job asks of the scheduler. A scatter-gather job runs its parts one after another in one allocation: it gets
 * what the stage asks for, or else the most memory and cores that a part asks for, and the first partition that one names.
 */
export function chooseHints(job: LabJob | undefined): ResourceHints | undefined {
  const own = job?.resource_hints ?? undefined;
  if (job?.stage_type !== "scatter-gather" || own !== undefined) return own;
  const hints = Object.values(job.executables).flatMap((part) => part.resource_hints ?? []);
  const cpus = Math.max(0, ...hints.map((one) => one.cpus ?? 0));
  const mem = hints
    .flatMap((one) => one.mem ?? [])
    .toSorted((left, right) => readMebibytes(left) - readMebibytes(right))
    .at(-1);
  return {
    ...(cpus === 0 ? {} : { cpus }),
    ...(mem === undefined ? {} : { mem }),
    partition: hints.find((one) => (one.partition ?? null) !== null)?.partition,
    sbatch_opts: [...new Set(hints.flatMap((one) => one.sbatch_opts ?? []))],
  };
}

/** 0 for what is no size: the scheduler will say so. */
function readMebibytes(mem: string): number {
  const { amount, unit } = /^(?<amount>[0-9]+)(?<unit>[KMGT]?)B?$/i.exec(mem)?.groups ?? {};
  return Number(amount ?? 0) * (MEBIBYTES.get((unit ?? "").toUpperCase()) ?? 0);
}
