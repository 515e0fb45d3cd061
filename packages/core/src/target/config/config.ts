import { RepxError } from "../../model/errors.ts";
import { findNearest } from "../../model/find-nearest.ts";
import { mergeLayers, parseConfigLayer, type ConfigLayer, type TargetTable } from "./config-layer.ts";
import { readLocalUser } from "./local-user.ts";
import { parseJumpHosts, parseNamedHost, type NamedHost } from "./named-host.ts";
import { readRuntimeSettings, type RuntimeSettings } from "./runtime-settings.ts";

/** A place that runs jobs. */
export interface Target {
  readonly name: string;
  /** Where SSH goes, as config.toml says it; a target without it is this machine. `ssh-route.ts` says where that is. */
  readonly address?: { readonly user: string; readonly host: string; readonly port: number };
  /** What of the address config.toml does not say: it is the local user and 22, unless ssh_config says otherwise. */
  readonly undecided?: readonly ("user" | "port")[];
  /** In the order of the way, in place of ssh_config's; none of them turns those off. */
  readonly proxyJump?: readonly NamedHost[];
  readonly basePath: string;
  readonly scheduler: "slurm" | "local";
  /** How many jobs of the scheduler `local` run at once, at most. */
  readonly localConcurrency?: number;
  readonly nodeLocalPath?: string;
  /** Whether jobs read the Lab's software from a copy below `nodeLocalPath`, and not from the base path. */
  readonly hasNodeStore?: boolean;
  /** What its jobs may run in, and what they see of the node; absent where the file does not speak of it. */
  readonly runtimes?: RuntimeSettings;
  /** How many tasks of one job array may run at once; all when not given. */
  readonly arrayThrottle?: number;
  /** Absolute path of a private key. */
  readonly identityFile?: string;
  /** Absolute path of a file in known_hosts format. */
  readonly knownHosts?: string;
}

/** What the config files say together. */
export interface Config {
  /** The files' names, for messages. */
  readonly source: string;
  readonly submissionTarget?: string;
  readonly targets: ReadonlyMap<string, Target>;
}

/** Parses the text of a `config.toml` that stands alone; `source` is its path. */
export function parseConfig(text: string, source: string): Config {
  return resolveConfig([parseConfigLayer(text, source)]);
}

/** Merges config files, later ones winning, and checks that nothing is missing. */
export function resolveConfig(layers: readonly ConfigLayer[]): Config {
  const source = layers.map((layer) => layer.source).join(" and ");
  const tables = mergeLayers(layers);
  if (tables.targets === undefined) {
    throw new RepxError("CONFIG_INVALID", `${source}: targets is missing`, {
      hint: "Add a table [targets.NAME] with its base_path.",
    });
  }
  const targets = new Map<string, Target>();
  for (const [name, table] of Object.entries(tables.targets)) {
    targets.set(name, makeTarget(name, { default_scheduler: tables.default_scheduler ?? "slurm", ...table }, source));
  }
  return {
    source,
    ...(tables.submission_target === undefined ? {} : { submissionTarget: tables.submission_target }),
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
  const why = name === undefined ? `submission_target is ${JSON.stringify(wanted)}, and ` : "";
  throw new RepxError("CONFIG_TARGET_UNKNOWN", `${why}there is no target ${wanted} in ${config.source}: ${list}`, {
    hint:
      nearest === undefined ? `Add a table [targets.${wanted}], or name another target.` : `Did you mean ${nearest}?`,
    details: { targets: names },
  });
}

function makeTarget(name: string, table: TargetTable, source: string): Target {
  if (table.base_path === undefined) {
    throw new RepxError("CONFIG_INVALID", `${source}: targets.${name}.base_path is missing`, {
      hint: `Add base_path to [targets.${name}], the absolute path of a folder there.`,
    });
  }
  const scheduler = table.default_scheduler ?? "slurm";
  const runtimes = readRuntimeSettings(table, scheduler);
  const jump = table.proxy_jump === undefined ? undefined : parseJumpHosts(table.proxy_jump);
  return {
    name,
    ...readAddress(name, table, source),
    ...(jump === undefined ? {} : { proxyJump: jump }),
    basePath: table.base_path,
    scheduler,
    ...(table.local?.local_concurrency === undefined ? {} : { localConcurrency: table.local.local_concurrency }),
    ...readNodePlaces(name, table, source),
    ...(runtimes === undefined ? {} : { runtimes }),
    ...(table.slurm?.array_throttle === undefined ? {} : { arrayThrottle: table.slurm.array_throttle }),
    ...(table.identity_file === undefined ? {} : { identityFile: table.identity_file }),
    ...(table.known_hosts === undefined ? {} : { knownHosts: table.known_hosts }),
  };
}

function readNodePlaces(
  name: string,
  { node_local_path: path, artifact_store: store }: TargetTable,
  source: string,
): Pick<Target, "nodeLocalPath" | "hasNodeStore"> {
  if (path !== undefined) return { nodeLocalPath: path, ...(store === "node-local" ? { hasNodeStore: true } : {}) };
  if (store !== "node-local") return {};
  throw new RepxError(
    "CONFIG_INVALID",
    `${source}: targets.${name}.artifact_store is "node-local", and node_local_path is missing`,
    {
      hint:
        `Add node_local_path to [targets.${name}], the absolute path of a folder that every node has for itself, ` +
        'or write `artifact_store = "shared"`.',
    },
  );
}

/** What is of use only where SSH goes. */
const SSH_KEYS = ["port", "proxy_jump", "identity_file", "known_hosts"] as const;
const THIS_MACHINE = new Set(["localhost", "127.0.0.1", "::1"]);

/** As in RepX, a target named `local` is this machine. What says otherwise is refused: jobs would run here unnoticed. */
function readAddress(name: string, table: TargetTable, source: string): Pick<Target, "address" | "undecided"> {
  const named = table.address === undefined ? undefined : parseNamedHost(table.address);
  if (named === undefined || name === "local") {
    const isElsewhere = named !== undefined && !THIS_MACHINE.has(named.host.toLowerCase());
    const key = isElsewhere ? "address" : SSH_KEYS.find((one) => table[one] !== undefined);
    if (key !== undefined) throw refuseSshKey(name, key, source);
    return {};
  }
  const { user, host } = named;
  const undecided = [
    ...(user === undefined ? (["user"] as const) : []),
    ...(table.port === undefined ? (["port"] as const) : []),
  ];
  return {
    address: { user: user ?? readLocalUser(), host, port: table.port ?? 22 },
    ...(undecided.length === 0 ? {} : { undecided }),
  };
}

function refuseSshKey(name: string, key: string, source: string): RepxError {
  const [why, hint] =
    name === "local"
      ? ["a target named local is this machine", `Remove ${key}, or give the target another name.`]
      : [
          "the target has no address, so it is this machine",
          `Add \`address = "user@host"\` to [targets.${name}], or remove ${key}.`,
        ];
  return new RepxError("CONFIG_INVALID", `${source}: targets.${name}.${key} is for SSH, and ${why}`, { hint });
}
