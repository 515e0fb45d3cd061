import type { JobId } from "../../model/ids.ts";
import type { Lab, LabJob } from "../../model/lab.ts";

/** A job's `name` taken apart. */
export interface StageName {
  readonly stage: string;
  readonly version: string;
}

const PARTS: Readonly<Record<string, string>> = { main: "", scatter: "-scatter", gather: "-gather" };

/**
 * Takes `<stage>-<version>` apart. Both may hold dashes: the program's file is named after the stage. Where it is not, the
 * version is what follows the last dash.
 */
export function splitStageName({ name, executables }: Pick<LabJob, "name" | "executables">): StageName {
  for (const [part, suffix] of Object.entries(PARTS)) {
    const file = Object.hasOwn(executables, part) ? (executables[part]?.path.split("/").at(-1) ?? "") : "";
    const stage = file.endsWith(suffix) ? file.slice(0, file.length - suffix.length) : "";
    if (stage !== "" && name.startsWith(`${stage}-`)) return { stage, version: name.slice(stage.length + 1) };
  }
  const dash = name.lastIndexOf("-");
  return dash < 1 ? { stage: name, version: "" } : { stage: name.slice(0, dash), version: name.slice(dash + 1) };
}

/** Reads a job's stage. */
export function readStageName(lab: Lab, id: JobId): string | undefined {
  const job = lab.jobs.get(id);
  return job === undefined ? undefined : splitStageName(job).stage;
}
