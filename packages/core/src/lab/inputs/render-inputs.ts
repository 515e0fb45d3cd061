import { RepxError } from "../../model/errors.ts";
import type { JobId } from "../../model/ids.ts";
import type { Executable, InputMapping, Lab, LabJob } from "../../model/lab.ts";
import { clipText } from "../clip-text.ts";
import { renderOutputPath } from "../render-output-path.ts";

/** Renders a job's `inputs.json`: for every input the path on the target whose base path is given. */
export function renderInputs(lab: Lab, jobId: JobId, basePath: string): Record<string, string> {
  const executable = chooseExecutable(findJob(lab, jobId), "scatter");
  const inputs = (executable?.inputs ?? []).flatMap((mapping): [string, string][] => {
    const value = renderInput(lab, jobId, mapping, basePath);
    return value === undefined ? [] : [[mapping.target_input, value]];
  });
  return Object.fromEntries(inputs);
}

/** Undefined for wires that are laid while a scatter-gather job runs (`runner:…`, `scatter:…`, `step:…`). */
function renderInput(lab: Lab, jobId: JobId, mapping: InputMapping, basePath: string): string | undefined {
  const { job_id: upstream, source_output: output, source_run: run } = mapping;
  if (upstream !== null && upstream !== undefined && upstream !== "self" && typeof output === "string") {
    return renderOutput(lab, jobId, upstream, output, basePath);
  }
  if (mapping.type === "global" || mapping.target_input === "store__base") return basePath;
  if (run === null || run === undefined) return undefined;
  const source = lab.runs.get(run);
  if (source === undefined) throw refuse(`job ${jobId} needs the run ${run}, which the Lab does not have`);
  return `${basePath}/artifacts/labs/${lab.hash}/${source.metadataPath}`;
}

function renderOutput(lab: Lab, jobId: JobId, upstream: JobId, output: string, basePath: string): string {
  const template = chooseExecutable(findJob(lab, upstream), "gather")?.outputs[output];
  if (typeof template !== "string") {
    throw refuse(`job ${jobId} needs the output ${clipText(output)} of job ${upstream}, which declares no such path`);
  }
  const path = renderOutputPath(template, `${basePath}/outputs/${upstream}/out`);
  if (path !== undefined) return path;
  throw refuse(`job ${upstream} declares an output outside of its folder: ${clipText(template)}`);
}

function chooseExecutable(job: LabJob, part: "scatter" | "gather"): Executable | undefined {
  return job.executables[job.stage_type === "scatter-gather" ? part : "main"];
}

function findJob(lab: Lab, id: JobId): LabJob {
  const job = lab.jobs.get(id);
  if (job === undefined) throw refuse(`the Lab has no job ${id}`);
  return job;
}

function refuse(message: string): RepxError {
  return new RepxError("LAB_INVALID", message, {
    hint: "Build the Lab again; its metadata does not fit together.",
  });
}
