import type { ExecutionType, TargetTable } from "./config-layer.ts";

/** What a target's jobs may run in, and what they see of the node there. */
export interface RuntimeSettings {
  /** `execution_types` of the target's scheduler, the first one first. */
  readonly offered: readonly ExecutionType[];
  /** `default_execution_type`. */
  readonly preferred?: ExecutionType;
  readonly mounts: MountPolicy;
}

/** What of the node's files a job sees that does not run `native`: nothing, some paths, or all of them. */
export type MountPolicy =
  | { readonly kind: "isolated" }
  | { readonly kind: "paths"; readonly paths: readonly string[] }
  | { readonly kind: "host" };

/** Reads RepX's keys; undefined where none of them is written. As in RepX, `mount_host_paths` wins over `mount_paths`. */
export function readRuntimeSettings(table: TargetTable, scheduler: "slurm" | "local"): RuntimeSettings | undefined {
  const offered = table[scheduler]?.execution_types;
  const { default_execution_type: preferred, mount_host_paths: host, mount_paths: paths } = table;
  if ([offered, preferred, host, paths].every((value) => value === undefined)) return undefined;
  return {
    offered: [...new Set(offered)],
    ...(preferred === undefined ? {} : { preferred }),
    mounts: chooseMounts(host ?? false, paths ?? []),
  };
}

function chooseMounts(host: boolean, paths: readonly string[]): MountPolicy {
  if (host) return { kind: "host" };
  return paths.length === 0 ? { kind: "isolated" } : { kind: "paths", paths: [...new Set(paths)] };
}
