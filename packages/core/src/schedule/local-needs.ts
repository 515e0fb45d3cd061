// What a job asks of a machine without SLURM, read from the words that SLURM takes (sbatch(1): --mem, --time). Pure.
import { readMebibytes } from "../model/read-mebibytes.ts";
import type { JobResources } from "../target/config/resources.ts";

/** What a task of the scheduler `local` occupies while it runs. */
export interface LocalNeeds {
  readonly cpus: number;
  /** `all` is SLURM's 0: all that the machine has. */
  readonly memoryMebibytes: number | "all";
  /** 0 is no limit. */
  readonly seconds: number;
}

/** RepX gives a job that asks for nothing one core and this much. */
const DEFAULT_MEBIBYTES = 1024;

/** Reads what a job asks for; a text is what cannot be read. Partition and `sbatch_opts` mean nothing here. */
export function readLocalNeeds({ cpusPerTask, mem, time }: JobResources): LocalNeeds | string {
  const memoryMebibytes = mem === undefined ? DEFAULT_MEBIBYTES : readMemory(mem);
  if (memoryMebibytes === undefined) return `mem ${JSON.stringify(mem)}`;
  const seconds = time === undefined ? 0 : readTime(time);
  if (seconds === undefined) return `time ${JSON.stringify(time)}`;
  return { cpus: cpusPerTask ?? 1, memoryMebibytes, seconds };
}

function readMemory(text: string): number | "all" | undefined {
  const mebibytes = readMebibytes(text);
  return mebibytes === 0 ? "all" : mebibytes && Math.ceil(mebibytes);
}

/** `minutes`, `minutes:seconds`, `hours:minutes:seconds`, and after `days-` `hours`, `hours:minutes`, `hours:minutes:seconds`. */
function readTime(text: string): number | undefined {
  if (/^(unlimited|infinite)$/i.test(text)) return 0;
  const { days, clock } =
    /^(?:(?<days>[0-9]{1,6})-)?(?<clock>[0-9]{1,9}(?::[0-9]{1,9}){0,2})$/.exec(text)?.groups ?? {};
  if (clock === undefined) return undefined;
  const parts = clock.split(":").map(Number);
  const [first = 0, second = 0, third = 0] = parts;
  if (days !== undefined) return Number(days) * 86_400 + first * 3600 + second * 60 + third;
  return parts.length === 3 ? first * 3600 + second * 60 + third : first * 60 + second;
}
