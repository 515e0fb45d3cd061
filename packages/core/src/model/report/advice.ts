// What to do next about jobs that had too little. No I/O.
import type { JobRecord } from "../job-state.ts";
import { findMost } from "./title.ts";

/** A line of `resources.toml` that would give jobs enough, as far as their ends tell. */
export interface Advice {
  readonly key: "mem" | "time";
  readonly value: string;
}

const FACTOR = 2;

/** Advises on the jobs that ran out of memory: twice what they had, or held at most where that alone is known. */
export function adviseMemory(records: readonly JobRecord[]): Advice | undefined {
  const out = records.filter(({ state }) => state === "out_of_memory");
  const base = findMost(out, ({ memoryMebibytes, peakMebibytes }) => memoryMebibytes ?? peakMebibytes);
  if (base === undefined || base === 0) return undefined;
  const next = base * FACTOR;
  // Whole gibibytes are what people write; below one, tens.
  return { key: "mem", value: next >= 1024 ? `${Math.ceil(next / 1024)}G` : `${Math.ceil(next / 10) * 10}M` };
}

/** Advises on the jobs that timed out: twice the time they ran, in whole hours, or in fives of minutes. */
export function adviseTime(records: readonly JobRecord[]): Advice | undefined {
  const out = records.filter(({ state }) => state === "timed_out");
  const base = findMost(out, ({ elapsedSeconds }) => elapsedSeconds);
  if (base === undefined || base === 0) return undefined;
  // SLURM looks at limits about twice a minute: the job ran some seconds longer than it was given.
  const next = Math.max(1, Math.floor(base / 60)) * FACTOR;
  const minutes = next > 60 ? Math.ceil(next / 60) * 60 : Math.ceil(next / 5) * 5;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return { key: "time", value: `${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}:00` };
}

/** Renders advice as `resources.toml` takes it. */
export function renderAdvice({ key, value }: Advice): string {
  return `${key} = "${value}"`;
}
