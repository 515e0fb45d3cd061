import type { JobId, RunName } from "../../model/ids.ts";
import type { InputMapping, LabJob } from "../../model/lab.ts";
import type { Job } from "./job.ts";

/** Something that a job is given under a name: another job's output, another run's metadata, or the base path. */
export type JobInput =
  | { readonly name: string; readonly from: "job"; readonly job: Job; readonly output: string }
  | { readonly name: string; readonly from: "run"; readonly run: RunName; readonly kind: "hard" | "soft" | undefined }
  | { readonly name: string; readonly from: "target" };

/** Lists a job's inputs; wires between the parts of a scatter-gather job are none. */
export function listInputs(data: LabJob, find: (id: JobId) => Job): JobInput[] {
  const inputs = new Map<string, JobInput>();
  for (const executable of Object.values(data.executables)) {
    for (const mapping of executable.inputs) {
      const input = makeInput(mapping, find);
      // The parts of a scatter-gather job share the stage's inputs.
      if (input !== undefined) inputs.set(input.name, input);
    }
  }
  return [...inputs.values()];
}

function makeInput(mapping: InputMapping, find: (id: JobId) => Job): JobInput | undefined {
  const { target_input: name, job_id: upstream, source_output: output, source_run: run } = mapping;
  if (upstream !== null && upstream !== undefined && upstream !== "self") {
    return { name, from: "job", job: find(upstream), output: output ?? "" };
  }
  if (mapping.type === "global" || name === "store__base") return { name, from: "target" };
  if (run === null || run === undefined) return undefined;
  return { name, from: "run", run, kind: mapping.dependency_type ?? undefined };
}
