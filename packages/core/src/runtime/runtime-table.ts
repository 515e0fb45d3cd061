import type { JobId } from "../model/ids.ts";
import type { ExecutionType } from "../target/config/config-layer.ts";
import type { MountPolicy } from "../target/config/runtime-settings.ts";

/** How one job runs on a target, where that is not `native`. */
export interface JobRuntime {
  readonly kind: Exclude<ExecutionType, "native">;
  /** The image's folder in the target's `artifacts/images`; without one the Lab's closure is all the software. */
  readonly image?: string;
  readonly network: boolean;
  readonly mounts: MountPolicy;
  /** A folder that every node has for itself. */
  readonly nodeLocalPath?: string;
  /** The folder of the Lab's host tools, relative to the base path. */
  readonly hostTools?: string;
  /** The jobs whose outputs it reads. */
  readonly inputs: readonly JobId[];
}

/**
 * More mounts than these take a runtime minutes (bubblewrap reads all of its mounts again for each one: 0.4 s for 500,
 * 9 s for 2,000); a job with more inputs sees the outputs of all jobs, read-only.
 */
const MOST_INPUTS = 1000;

/** Renders the file `runtime` of a job, for `job-runtime.sh`: a word and its value a line, between them a tab. */
export function renderRuntimeTable(runtime: JobRuntime): string {
  const { kind, image, network, mounts, nodeLocalPath, hostTools, inputs } = runtime;
  const jobs = [...new Set(inputs)];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["kind", kind],
    ["image", image],
    ["network", network ? "on" : "off"],
    ["node-local", nodeLocalPath],
    ["tools", hostTools],
    ["host", mounts.kind === "host" ? "all" : undefined],
    ...(mounts.kind === "paths" ? mounts.paths : []).map((path) => ["mount", path] as const),
    ...(jobs.length > MOST_INPUTS ? [["inputs", "all"] as const] : jobs.map((job) => ["input", job] as const)),
  ];
  return rows.map(([word, value]) => (value === undefined ? "" : `${word}\t${value}\n`)).join("");
}
