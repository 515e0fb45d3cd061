// What a run took of the cluster, as far as it was told.
import type { JobId } from "../ids.ts";
import { recordOf, type Submission } from "../submission.ts";
import { listAttempts } from "./attempts.ts";
import { renderCount, renderHours } from "./quantities.ts";

function renderWork(seconds: number, noun: string): string {
  const hours = renderHours(seconds);
  return `${hours} ${hours === "1" ? noun : `${noun}s`}`;
}

interface Cost {
  /** Jobs that ran. */
  readonly ran: number;
  /** Those of them of which the cost of an attempt is known. */
  readonly known: number;
  readonly cpuSeconds: number;
  readonly nodeSeconds: number;
  /** Attempts before the last one, of the known. */
  readonly earlier: number;
}

/** Says what the jobs took, all attempts together, and of how many of those that ran it is known; nothing where of none. */
export function renderCost(submission: Submission, jobs: readonly JobId[]): string[] {
  const { ran, known, cpuSeconds, nodeSeconds, earlier } = sumCost(submission, jobs);
  if (known === 0) return [];
  const cpu = cpuSeconds > 0 ? [renderWork(cpuSeconds, "CPU-hour")] : [];
  const node = nodeSeconds > 0 ? [renderWork(nodeSeconds, "node-hour")] : [];
  const parts = [...cpu, ...node];
  if (parts.length === 0) return [];
  const of = known === ran ? `by ${renderCount(ran, "job")}` : `by ${known} of the ${ran} jobs that ran`;
  const attempts = earlier === 0 ? "" : `, ${renderCount(earlier, "earlier attempt")} included`;
  return [`**Cost:** ${parts.join(", ")} ${of}${attempts}.`];
}

function sumCost(submission: Submission, jobs: readonly JobId[]): Cost {
  let [ran, known, cpuSeconds, nodeSeconds, earlier] = [0, 0, 0, 0, 0];
  for (const id of jobs) {
    const attempts = listAttempts(recordOf(submission, id));
    const told = attempts.filter(
      ({ elapsedSeconds = 0, cpus, nodes }) => elapsedSeconds > 0 && (cpus ?? nodes) !== undefined,
    );
    if (attempts.some(({ startedAt, elapsedSeconds = 0 }) => startedAt !== undefined || elapsedSeconds > 0)) ran += 1;
    if (told.length === 0) continue;
    known += 1;
    earlier += told.filter((attempt) => attempt !== attempts.at(-1)).length;
    for (const { elapsedSeconds = 0, cpus = 0, nodes = 0 } of told) {
      cpuSeconds += elapsedSeconds * cpus;
      nodeSeconds += elapsedSeconds * nodes;
    }
  }
  return { ran, known, cpuSeconds, nodeSeconds, earlier };
}
