// What a target's SLURM says of itself. Pure. What it does not say is undefined, and nothing is refused for it.
import { parseTimeLimit } from "./slurm-units.ts";

/** A cluster's limits, as far as they are known. */
export interface SlurmFacts {
  /** Of one array; its indexes begin at 1. */
  readonly mostTasks?: number;
  readonly partitions?: ReadonlyMap<string, Partition>;
  /** Something of the site, or of the user's, picks the partition of a job that names none. */
  readonly picksPartition: boolean;
}

/** A partition's limits. */
export interface Partition {
  readonly name: string;
  readonly isDefault: boolean;
  /** Infinity where there is none. */
  readonly longestMinutes?: number;
  /** The kinds of node that it has; none where it is not known. */
  readonly nodes: readonly NodeKind[];
}

/** What a node offers; memory in MiB, undefined where the site does not configure it. */
export interface NodeKind {
  readonly cpus: number;
  readonly memory?: number;
}

/** The text of each command, by the name of its section. */
export type SlurmAnswer = ReadonlyMap<string, readonly string[]>;

/** Reads `scontrol show config`, `scontrol -o show partition`, `sinfo -o '%R|%c|%m'`, and the user's own default. */
export function readSlurmFacts(answer: SlurmAnswer): SlurmFacts {
  const config = new Map((answer.get("config") ?? []).flatMap((line) => readSetting(line)));
  const plugins = config.get("JobSubmitPlugins") ?? "(null)";
  const mostTasks = readMostTasks(config);
  const partitions = readPartitions(answer.get("partitions") ?? [], answer.get("nodes") ?? []);
  return {
    ...(mostTasks === undefined ? {} : { mostTasks }),
    ...(partitions.size === 0 ? {} : { partitions }),
    picksPartition: plugins !== "(null)" || (answer.get("environment") ?? []).some((line) => line !== ""),
  };
}

function readSetting(line: string): [string, string][] {
  const { key, value } = /^(?<key>\S+)\s*= (?<value>.*)$/.exec(line)?.groups ?? {};
  return key === undefined || value === undefined ? [] : [[key, value.trim()]];
}

/** The highest index is one less than MaxArraySize; a site may allow fewer tasks than that (slurm.conf(5)). */
function readMostTasks(config: ReadonlyMap<string, string>): number | undefined {
  const size = Number(config.get("MaxArraySize"));
  if (!Number.isSafeInteger(size) || size < 2) return undefined;
  const tasks = /(?:^|,)max_array_tasks=(?<tasks>[0-9]+)/.exec(config.get("SchedulerParameters") ?? "")?.groups?.[
    "tasks"
  ];
  return Math.min(size - 1, Math.max(1, Number(tasks ?? size)));
}

function readPartitions(lines: readonly string[], nodeLines: readonly string[]): ReadonlyMap<string, Partition> {
  const nodes = Map.groupBy(nodeLines.flatMap(readNodeKind), ({ partition }) => partition);
  const partitions = lines.flatMap((line): Partition[] => {
    const fields = new Map(line.split(" ").flatMap((field) => readField(field)));
    const name = fields.get("PartitionName");
    if (name === undefined) return [];
    const longestMinutes = parseTimeLimit(fields.get("MaxTime") ?? "");
    return [
      {
        name,
        isDefault: fields.get("Default") === "YES",
        ...(longestMinutes === undefined ? {} : { longestMinutes }),
        nodes: (nodes.get(name) ?? []).map(({ kind }) => kind),
      },
    ];
  });
  return new Map(partitions.map((partition) => [partition.name, partition]));
}

function readField(field: string): [string, string][] {
  const at = field.indexOf("=");
  return at < 1 ? [] : [[field.slice(0, at), field.slice(at + 1)]];
}

/** A number that ends in `+` is the least of several kinds: of them nothing is known. A memory of 1 is SLURM's word for none. */
function readNodeKind(line: string): { readonly partition: string; readonly kind: NodeKind }[] {
  const [partition = "", cpus = "", memory = ""] = line.split("|");
  if (partition === "" || cpus === "0") return [];
  const size = readCount(memory);
  return [{ partition, kind: { cpus: readCount(cpus), ...(size > 1 && size !== Infinity ? { memory: size } : {}) } }];
}

function readCount(text: string): number {
  return /^[0-9]+$/.test(text) ? Number(text) : Infinity;
}
