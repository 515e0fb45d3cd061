import type { JobResources } from "../target/config/resources.ts";

/** What of a job's wishes can be compared with a cluster's limits, in the words in which it was written. */
export interface AskedResources {
  readonly partitions?: readonly string[];
  readonly cpus?: number;
  readonly mem?: string;
  readonly time?: string;
  /** A quality of service, which may lift a partition's limit of time. */
  readonly hasQos: boolean;
}

/** sbatch(1): the long name, and the letter where there is one. */
const OPTIONS = [
  { name: "partition", letter: "p" },
  { name: "cpus-per-task", letter: "c" },
  { name: "mem", letter: undefined },
  { name: "time", letter: "t" },
  { name: "qos", letter: "q" },
  { name: "clusters", letter: "M" },
] as const;
type OptionName = (typeof OPTIONS)[number]["name"];

/**
 * Reads what a job asks for: `sbatch_opts` come last on the command line, so they count more. Undefined where it goes to another
 * cluster, or where an option is shortened so that only sbatch knows what it means.
 */
export function readAsked(resources: JobResources): AskedResources | undefined {
  const options = new Map<OptionName, string>();
  for (const word of resources.sbatchOpts) {
    if (isShortened(word)) return undefined;
    const option = readOption(word);
    if (option !== undefined) options.set(option.name, option.value);
  }
  if (options.has("clusters")) return undefined;
  const partition = options.get("partition") ?? resources.partition;
  const cpus = options.has("cpus-per-task") ? Number(options.get("cpus-per-task")) : resources.cpusPerTask;
  const mem = options.get("mem") ?? resources.mem;
  const time = options.get("time") ?? resources.time;
  return {
    ...(partition === undefined ? {} : { partitions: partition.split(",").filter((name) => name !== "") }),
    ...(cpus === undefined || !Number.isSafeInteger(cpus) ? {} : { cpus }),
    ...(mem === undefined ? {} : { mem }),
    ...(time === undefined ? {} : { time }),
    hasQos: options.has("qos"),
  };
}

function readOption(word: string): { readonly name: OptionName; readonly value: string } | undefined {
  for (const { name, letter } of OPTIONS) {
    if (word.startsWith(`--${name}=`)) return { name, value: word.slice(name.length + 3) };
    if (letter !== undefined && word.startsWith(`-${letter}`)) return { name, value: word.slice(2).replace(/^=/, "") };
  }
  return undefined;
}

/** `--part=x` is `--partition=x` to getopt_long(3). */
function isShortened(word: string): boolean {
  const name = /^--(?<name>[a-z][a-z-]*)(?:=|$)/.exec(word)?.groups?.["name"];
  return name !== undefined && OPTIONS.some((option) => option.name !== name && option.name.startsWith(name));
}
