import { LAB_FLAGS, type Command } from "../command.ts";
import { openLab } from "../open-lab.ts";

/** Prints parameters with those of all that a job depends on. */
export const TRACE_PARAMS: Command = {
  name: "trace-params",
  summary: "print jobs' parameters, with those of what they read",
  description:
    "Parameters are traced from job to job to the beginning; a job's own win over those of its dependencies. " +
    "What is printed is JSON, by job id.",
  operands: [
    {
      name: "JOB",
      summary: "the beginning of a job's id, or a run or @group for its final jobs; every job when not given",
      isOptional: true,
      kind: "job",
    },
  ],
  flags: LAB_FLAGS,
  examples: ["repx trace-params", "repx trace-params 0pkal2l7", "repx trace-params analysis --lab lab.tar"],
  async run(call) {
    await using lab = await openLab(call);
    const [spec] = call.operands;
    const jobs = spec === undefined ? await lab.jobs() : lab.select(spec);
    const traced = Object.fromEntries(jobs.map(({ id, effectiveParams }) => [id, effectiveParams]));
    call.screen.printJson(traced);
    return 0;
  },
};
