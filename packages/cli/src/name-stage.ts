import type { Job } from "@repx/core/lab";

/** Names the stage of a job with its version, as the job's id ends. */
export function nameStage({ stage, version }: Pick<Job, "stage" | "version">): string {
  return `${stage}-${version}`;
}
