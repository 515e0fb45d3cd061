import { RepxError } from "@repx/core/model";
import { listWords } from "../advise.ts";
import { TARGET_FLAGS, type Command, type CommandCall } from "../command.ts";
import { readTarget, requireTarget } from "../read-target.ts";
import { showJob } from "../show/job.ts";
import { showOutput } from "../show/output.ts";
import { openLab } from "../open-lab.ts";

const SHOWN = 3;

/** Shows one job, or what it left. */
export const SHOW: Command = {
  name: "show",
  summary: "show a job of a Lab, or the files that it left on a target",
  description:
    "`repx show job` tells what a job is, and with --target what became of it. `repx show output` lists the files " +
    "in its output folder, or prints one of them as it is; the exit status is 1 when the job has left nothing.",
  operands: [
    { name: "WHAT", summary: "what to show", choices: ["job", "output"] },
    {
      name: "JOB",
      summary: "the beginning of the job's id, or a run that has one final job",
      kind: "job",
    },
    { name: "PATH", summary: "a file in the output folder, to be printed", isOptional: true },
  ],
  flags: TARGET_FLAGS,
  examples: [
    "repx show job 0pkal2l7",
    "repx show job analysis --target cluster --json",
    "repx show output analysis --target /scratch/me/repx",
    "repx show output analysis metrics.json --target /scratch/me/repx",
  ],
  run: runShow,
};

async function runShow(call: CommandCall): Promise<number> {
  const [what, spec = "", path] = call.operands;
  if (what === "job" && path !== undefined) {
    throw new RepxError("INPUT_INVALID", `\`repx show job\` has no use for ${JSON.stringify(path)}`, {
      hint: `To print a file: \`repx show output ${spec} ${path} --target PATH\`.`,
    });
  }
  const target = await readTarget(call);
  await using lab = await openLab(call);
  const jobs = lab.select(spec);
  const [job] = jobs;
  if (job === undefined || jobs.length > 1) {
    const ids = jobs.map(({ id }) => id);
    throw new RepxError("LAB_JOB_AMBIGUOUS", `${spec} has ${jobs.length} final jobs: ${listWords(ids, SHOWN)}`, {
      hint: `Name one of them; \`repx list jobs ${spec}\` lists them with their parameters.`,
      details: { candidates: ids.slice(0, SHOWN), count: jobs.length },
    });
  }
  if (what === "job") return showJob(lab, job, target, call);
  return showOutput(job, requireTarget(target, "`repx show output`"), path, call);
}
