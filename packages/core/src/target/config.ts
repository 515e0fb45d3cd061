import { homedir } from "node:os";
import { dirname, posix, resolve } from "node:path";
import * as z from "zod";
import { RepxError } from "../model/errors.ts";
import { findNearest } from "../model/find-nearest.ts";
import { parseToml } from "./toml.ts";

/** A place that runs jobs. */
export interface Target {
  readonly name: string;
  /** Where SSH goes; a target without it is this machine. */
  readonly address?: { readonly user: string; readonly host: string; readonly port: number };
  readonly basePath: string;
  readonly scheduler: "slurm" | "local";
  readonly nodeLocalPath?: string;
  /** Absolute path of a private key. */
  readonly identityFile?: string;
  /** Absolute path of a file in known_hosts format. */
  readonly knownHosts?: string;
}

/** A `config.toml`. */
export interface Config {
  /** The file's name, for messages. */
  readonly source: string;
  readonly submissionTarget?: string;
  readonly targets: ReadonlyMap<string, Target>;
}

const Scheduler = z.enum(["local", "slurm"]);
const ExecutionType = z.enum(["native", "bwrap", "podman", "docker"]);
const SchedulerTable = z.strictObject({
  execution_types: z.array(ExecutionType).optional(),
  local_concurrency: z.int().positive().optional(),
});
const TargetTable = z.strictObject({
  address: z.string().optional(),
  port: z.int().min(1).max(65_535).optional(),
  base_path: z.string(),
  node_local_path: z.string().optional(),
  identity_file: z.string().min(1).optional(),
  known_hosts: z.string().min(1).optional(),
  default_scheduler: Scheduler.optional(),
  default_execution_type: ExecutionType.optional(),
  artifact_store: z.enum(["shared", "node-local"]).optional(),
  mount_host_paths: z.boolean().optional(),
  mount_paths: z.array(z.string()).optional(),
  local: SchedulerTable.optional(),
  slurm: SchedulerTable.optional(),
});
/** RepX 0.5's keys and three of ours: `port`, `identity_file`, `known_hosts`. */
const ConfigFile = z.strictObject({
  theme: z.string().optional(),
  submission_target: z.string().optional(),
  default_scheduler: Scheduler.optional(),
  logging: z.strictObject({ max_files: z.int().min(0).optional(), max_age_days: z.int().min(0).optional() }).optional(),
  targets: z.record(z.string().min(1).max(100), TargetTable),
});

/** Parses the text of a `config.toml`; `source` is its path, which relative paths in it start from. */
export function parseConfig(text: string, source: string): Config {
  const file = parseToml(text, source, ConfigFile);
  const targets = new Map<string, Target>();
  for (const [name, table] of Object.entries(file.targets)) {
    targets.set(name, readTarget(name, table, file.default_scheduler ?? "slurm", source));
  }
  return {
    source,
    ...(file.submission_target === undefined ? {} : { submissionTarget: file.submission_target }),
    targets,
  };
}

/** Picks the named target, else the file's `submission_target`, else the only one. */
export function chooseTarget(config: Config, name: string | undefined): Target {
  const names = [...config.targets.keys()];
  const wanted = name ?? config.submissionTarget ?? (names.length === 1 ? names[0] : undefined);
  const list = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  if (wanted === undefined) {
    throw new RepxError(
      "CONFIG_TARGET_UNKNOWN",
      `no target was named and ${config.source} does not choose one: ${list}`,
      {
        hint: "Name the target, or set submission_target in the file.",
      },
    );
  }
  const target = config.targets.get(wanted);
  if (target !== undefined) return target;
  const nearest = findNearest(wanted, names);
  throw new RepxError("CONFIG_TARGET_UNKNOWN", `there is no target ${wanted} in ${config.source}: ${list}`, {
    hint:
      nearest === undefined ? `Add a table [targets.${wanted}], or name another target.` : `Did you mean ${nearest}?`,
    details: { targets: names },
  });
}

function readTarget(
  name: string,
  table: z.infer<typeof TargetTable>,
  scheduler: z.infer<typeof Scheduler>,
  source: string,
): Target {
  const at = `targets.${name}`;
  const address = readAddress(name, table, source);
  return {
    name,
    ...(address === undefined ? {} : { address }),
    basePath: readAbsolutePath(table.base_path, `${at}.base_path`, source),
    scheduler: table.default_scheduler ?? scheduler,
    ...(table.node_local_path === undefined
      ? {}
      : { nodeLocalPath: readAbsolutePath(table.node_local_path, `${at}.node_local_path`, source) }),
    ...(table.identity_file === undefined ? {} : { identityFile: resolveLocalPath(table.identity_file, source) }),
    ...(table.known_hosts === undefined ? {} : { knownHosts: resolveLocalPath(table.known_hosts, source) }),
  };
}

/** As in RepX, a target named `local` is this machine even with an address. */
function readAddress(
  name: string,
  table: { readonly address?: string | undefined; readonly port?: number | undefined },
  source: string,
): Target["address"] {
  if (table.address === undefined || name === "local") return undefined;
  const parts = /^(?<user>[^\s@:-][^\s@:]*)@(?:\[(?<ip>[0-9A-Fa-f:.]+)\]|(?<host>[A-Za-z0-9_][A-Za-z0-9._-]*))$/.exec(
    table.address,
  );
  const { user, ip, host = ip } = parts?.groups ?? {};
  if (user === undefined || host === undefined) {
    throw new RepxError("CONFIG_INVALID", `${source}: targets.${name}.address is ${JSON.stringify(table.address)}`, {
      hint: 'Write "user@host", with the port as `port = 2222` and an IPv6 address in brackets.',
    });
  }
  return { user, host, port: table.port ?? 22 };
}

/** A path on the target; it becomes part of batch scripts, so it is one printable line. */
function readAbsolutePath(path: string, key: string, source: string): string {
  const refuse = (hint: string): RepxError =>
    new RepxError("CONFIG_INVALID", `${source}: ${key} is ${JSON.stringify(path)}`, { hint });
  if (path === "~" || path.startsWith("~/")) {
    throw refuse("Write the absolute path; ~ would be another home on every machine.");
  }
  if (!path.startsWith("/") || posix.normalize(path) === "/") throw refuse("Write an absolute path of a folder.");
  if (/\p{Cc}/u.test(path)) throw refuse("Remove the control characters.");
  return posix.normalize(path).replace(/\/$/, "");
}

function resolveLocalPath(path: string, source: string): string {
  const isInHome = path === "~" || path.startsWith("~/");
  return isInHome ? resolve(homedir(), path.slice(2)) : resolve(dirname(source), path);
}
