// What a job's next attempts get after OUT_OF_MEMORY or TIMEOUT. Pure. All of it is known before the first attempt begins, so
// that a compute node has nothing to work out.
import type { JobResources } from "../target/config/resources.ts";
import { readAsked } from "./asked-resources.ts";
import { listCandidates } from "./candidate-partitions.ts";
import type { SlurmFacts } from "./slurm-facts.ts";
import { parseMemory, parseTimeLimit } from "./slurm-units.ts";

/** The limits of later attempts, each higher than the one before. */
export interface RetryLadder {
  /** How many attempts may follow, whatever they follow. */
  readonly count: number;
  /** MiB. */
  readonly memory: readonly number[];
  readonly minutes: readonly number[];
  /** How often SLURM may begin the job again after a failure of its own; undefined leaves that to the site. */
  readonly infrastructure?: number;
}

/** Requeues that a policy with a count allows where it does not say. */
export const DEFAULT_INFRASTRUCTURE = 3;

/** Works out the ladder of a job's policy, below its caps and below what its partitions can give; undefined without a policy. */
export function planRetries(resources: JobResources, facts?: SlurmFacts): RetryLadder | undefined {
  const { retry } = resources;
  if (retry === undefined) return undefined;
  const { count = 0, infrastructure = count > 0 ? DEFAULT_INFRASTRUCTURE : undefined } = retry;
  if (count === 0 && infrastructure === undefined) return undefined;
  const asked = readAsked(resources) ?? resources;
  const most = findMost(resources, facts);
  const climb = (from: number | undefined, factor: number | undefined, caps: readonly (number | undefined)[]) =>
    from === undefined || factor === undefined
      ? []
      : climbLadder({ from, factor, cap: Math.min(...caps.map((cap) => cap ?? Infinity)), count });
  return {
    count,
    memory: climb(parse(parseMemory, asked.mem), retry.mem_factor, [parse(parseMemory, retry.max_mem), most.memory]),
    minutes: climb(parse(parseTimeLimit, asked.time), retry.time_factor, [
      parse(parseTimeLimit, retry.max_time),
      most.minutes,
    ]),
    ...(infrastructure === undefined ? {} : { infrastructure }),
  };
}

/** Multiplies again and again, rounding up, for as long as that gives more than before; the last rung may be the cap itself. */
export function climbLadder(climb: {
  readonly from: number;
  readonly factor: number;
  readonly cap: number;
  readonly count: number;
}): number[] {
  const { factor, count } = climb;
  const cap = Math.min(climb.cap, Number.MAX_SAFE_INTEGER);
  const rungs: number[] = [];
  let last = climb.from;
  // 0 is all memory of a node, and no limit of time: of neither there is more.
  if (last <= 0 || last === Infinity) return [];
  while (rungs.length < count) {
    const next = Math.min(Math.ceil(last * factor), cap);
    if (next <= last) break;
    rungs.push(next);
    last = next;
  }
  return rungs;
}

/** Says what is wrong with a job's policy, beside what its schema refuses. */
export function findRetryFaults(resources: JobResources): string[] {
  const { retry, sbatchOpts } = resources;
  if (retry === undefined) return [];
  const asked = readAsked(resources) ?? resources;
  const has = (option: string): boolean => sbatchOpts.some((word) => word === option || word.startsWith(`${option}=`));
  return [
    ...(retry.max_time !== undefined && parseTimeLimit(retry.max_time) === undefined
      ? [`max_time ${retry.max_time} is no time that SLURM understands; write minutes, HH:MM:SS or D-HH:MM:SS`]
      : []),
    ...(retry.max_mem !== undefined && parseMemory(retry.max_mem) === undefined
      ? [`max_mem ${retry.max_mem} is no size that SLURM understands; write a whole number with K, M, G or T`]
      : []),
    ...(retry.mem_factor !== undefined && asked.mem === undefined
      ? ["there is no mem that mem_factor of its retry could multiply; say what the first attempt gets"]
      : []),
    ...(retry.time_factor !== undefined && asked.time === undefined
      ? ["there is no time that time_factor of its retry could multiply; say what the first attempt gets"]
      : []),
    ...(retry.time_factor !== undefined && has("--signal")
      ? [
          "--signal in sbatch_opts takes the place of the warning that time_factor of its retry needs; remove one of them",
        ]
      : []),
    ...(retry.count !== undefined && has("--no-requeue")
      ? ["--no-requeue in sbatch_opts forbids what its retry needs; remove one of them"]
      : []),
  ];
}

/** Renders `batches/<n>.retry`, which `job-retry.sh` reads. */
export function renderRetryLadder({ count, memory, minutes, infrastructure }: RetryLadder): string {
  const lines = [
    ["count", count],
    ...(memory.length === 0 ? [] : [["mem", ...memory]]),
    ...(minutes.length === 0 ? [] : [["time", ...minutes]]),
    ...(infrastructure === undefined ? [] : [["infrastructure", infrastructure]]),
  ];
  return lines.map((line) => `${line.join(" ")}\n`).join("");
}

function parse(read: (text: string) => number | undefined, text: string | undefined): number | undefined {
  return text === undefined ? undefined : read(text);
}

/** SLURM takes a memory that no node has, and lets the job wait for ever: it must never be asked for. */
function findMost(
  resources: JobResources,
  facts: SlurmFacts | undefined,
): { readonly memory: number; readonly minutes: number } {
  const asked = readAsked(resources);
  const candidates =
    asked === undefined || facts?.partitions === undefined ? [] : listCandidates(asked, facts, facts.partitions);
  if (asked === undefined || candidates.length === 0) return { memory: Infinity, minutes: Infinity };
  const memory = candidates.flatMap(({ nodes }) =>
    nodes.length === 0
      ? [Infinity]
      : nodes.filter(({ cpus }) => cpus >= (asked.cpus ?? 1)).map((node) => node.memory ?? Infinity),
  );
  const minutes = asked.hasQos ? [Infinity] : candidates.map(({ longestMinutes = Infinity }) => longestMinutes);
  return { memory: Math.max(...memory), minutes: Math.max(...minutes) };
}
