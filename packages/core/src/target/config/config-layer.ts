// One config.toml of several. All keys are optional in a layer; what is written is checked here, where the file is known.
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { RepxError } from "../../model/errors.ts";
import { parseJumpHosts, parseNamedHost } from "./named-host.ts";
import { normalizeTargetPath } from "./target-path.ts";
import { parseToml } from "./toml.ts";

const Scheduler = z.enum(["local", "slurm"]);
/** What jobs run in. */
export const ExecutionType = z.enum(["native", "bwrap", "podman", "docker"]);
const SchedulerTable = z.strictObject({
  execution_types: z.array(ExecutionType).optional(),
  local_concurrency: z.int().positive().optional(),
});
/** `array_throttle` is ours. */
const SlurmTable = SchedulerTable.extend({ array_throttle: z.int().positive().optional() });
const NoForwarding = z.boolean().refine((isForwarded) => !isForwarded, {
  error: "the agent is never forwarded",
  params: {
    hint:
      "Remove the key. Nothing here needs it, and root of the target could log in elsewhere with your keys; " +
      "for a host behind another one there is proxy_jump.",
  },
});
const TargetTable = z.strictObject({
  address: z.string().optional(),
  port: z.int().min(1).max(65_535).optional(),
  proxy_jump: z.string().optional(),
  forward_agent: NoForwarding.optional(),
  base_path: z.string().optional(),
  node_local_path: z.string().optional(),
  identity_file: z.string().min(1).optional(),
  known_hosts: z.string().min(1).optional(),
  default_scheduler: Scheduler.optional(),
  default_execution_type: ExecutionType.optional(),
  artifact_store: z.enum(["shared", "node-local"]).optional(),
  mount_host_paths: z.boolean().optional(),
  mount_paths: z.array(z.string()).optional(),
  local: SchedulerTable.optional(),
  slurm: SlurmTable.optional(),
});
/** RepX 0.5's keys and six of ours: `port`, `identity_file`, `known_hosts`, `proxy_jump`, `forward_agent`, `slurm.array_throttle`. */
const ConfigTables = z.strictObject({
  theme: z.string().optional(),
  submission_target: z.string().optional(),
  default_scheduler: Scheduler.optional(),
  logging: z.strictObject({ max_files: z.int().min(0).optional(), max_age_days: z.int().min(0).optional() }).optional(),
  targets: z.record(z.string(), TargetTable).optional(),
});

/** What a job can run in. */
export type ExecutionType = z.infer<typeof ExecutionType>;
/** The table of one target. */
export type TargetTable = z.infer<typeof TargetTable>;
/** What one config.toml says, or several of them merged. */
export type ConfigTables = z.infer<typeof ConfigTables>;

/** A config.toml as it was read. */
export interface ConfigLayer {
  /** The file's path, for messages. */
  readonly source: string;
  /** Its paths on this machine are absolute. */
  readonly tables: ConfigTables;
}

/** Parses one config.toml; `source` is its path, which relative paths in it start from. */
export function parseConfigLayer(text: string, source: string): ConfigLayer {
  const { targets, ...rest } = parseToml(text, source, ConfigTables);
  if (targets === undefined) return { source, tables: rest };
  const entries = Object.entries(targets).map(([name, table]) => [name, resolveTable(name, table, source)]);
  return { source, tables: { ...rest, targets: Object.fromEntries(entries) } };
}

/** Merges layers; a later one wins key by key, in tables within tables too. */
export function mergeLayers(layers: readonly ConfigLayer[]): ConfigTables {
  return ConfigTables.parse(layers.reduce((merged, { tables }) => mergeTables(merged, tables), {}));
}

type Table = Readonly<Record<string, unknown>>;

/** Merges tables key by key; the later one's texts, numbers and arrays replace what was there. */
export function mergeTables(earlier: Table, later: Table): Table {
  const entries = Object.entries(later).map(([key, value]): [string, unknown] => {
    const before = earlier[key];
    return [key, isTable(before) && isTable(value) ? mergeTables(before, value) : value];
  });
  return Object.fromEntries([...Object.entries(earlier), ...entries]);
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function resolveTable(name: string, table: TargetTable, source: string): TargetTable {
  const at = `targets.${name}`;
  checkName(name, source);
  checkHosts(at, table, source);
  return {
    ...table,
    ...(table.base_path === undefined ? {} : { base_path: readPath(table.base_path, `${at}.base_path`, source) }),
    ...(table.node_local_path === undefined
      ? {}
      : { node_local_path: readPath(table.node_local_path, `${at}.node_local_path`, source) }),
    ...(table.mount_paths === undefined
      ? {}
      : { mount_paths: table.mount_paths.map((path) => readPath(path, `${at}.mount_paths`, source)) }),
    ...(table.identity_file === undefined
      ? {}
      : { identity_file: resolveLocalPath(table.identity_file, `${at}.identity_file`, source) }),
    ...(table.known_hosts === undefined
      ? {}
      : { known_hosts: resolveLocalPath(table.known_hosts, `${at}.known_hosts`, source) }),
  };
}

/** A name is given on command lines, where a path may stand in its place, and shown. */
function checkName(name: string, source: string): void {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,99}$/u.test(name)) return;
  throw new RepxError("CONFIG_INVALID", `${source}: targets has the name ${JSON.stringify(name)}`, {
    hint: "Write letters, digits, _, . and -, at most 100, with a letter, a digit or _ first: [targets.cluster].",
  });
}

function checkHosts(at: string, { address, proxy_jump: jump }: TargetTable, source: string): void {
  const named = address === undefined ? undefined : parseNamedHost(address);
  if (address !== undefined && (named === undefined || named.port !== undefined)) {
    throw new RepxError("CONFIG_INVALID", `${source}: ${at}.address is ${JSON.stringify(address)}`, {
      hint:
        'Write "user@host", or a Host of ~/.ssh/config alone; the port as `port = 2222`, ' +
        "and an IPv6 address in brackets.",
    });
  }
  if (jump !== undefined && parseJumpHosts(jump) === undefined) {
    throw new RepxError("CONFIG_INVALID", `${source}: ${at}.proxy_jump is ${JSON.stringify(jump)}`, {
      hint: 'Write "user@host:port", several with commas in the order of the way, or "none"; an IPv6 address in brackets.',
    });
  }
}

function readPath(path: string, key: string, source: string): string {
  return normalizeTargetPath(path, (hint) => refuseValue(path, key, source, hint));
}

function resolveLocalPath(path: string, key: string, source: string): string {
  const isInHome = path === "~" || path.startsWith("~/");
  if (!isInHome && path.startsWith("~")) {
    throw refuseValue(path, key, source, "Write the absolute path; homes of other users are not looked up.");
  }
  return isInHome ? resolve(homedir(), path.slice(2)) : resolve(dirname(source), path);
}

function refuseValue(value: string, key: string, source: string, hint: string): RepxError {
  return new RepxError("CONFIG_INVALID", `${source}: ${key} is ${JSON.stringify(value)}`, { hint });
}
