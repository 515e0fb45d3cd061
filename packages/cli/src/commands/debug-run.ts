import { RepxError } from "@repx/core/model";
import type { Output, Terminal } from "@repx/core/target";
import type { Command, CommandCall } from "../command.ts";
import { CONNECT_FLAGS, openTarget } from "../open-target.ts";
import { parseJobWord } from "../submission/submission-words.ts";

/** Opens a shell where a job runs. */
export const DEBUG_RUN: Command = {
  name: "debug-run",
  summary: "open a shell where a job runs, with what it is given",
  description:
    "On the target, in the job's runtime and with its inputs and parameters; with SLURM on a node, by srun, with the " +
    "resources that the job asks for. Outputs go to a folder of their own, so that nothing of the job changes, and " +
    "`../repx/run` there runs the job's program. The exit status is the shell's.",
  operands: [{ name: "JOB", summary: "the beginning of a job's id; of its newest submission", kind: "job" }],
  flags: {
    ...CONNECT_FLAGS,
    command: { short: "c", value: "COMMAND", summary: "run this, in place of a shell that reads from the terminal" },
  },
  examples: [
    "repx debug-run 0pkal2l7",
    "repx debug-run 0pkal2l7 -c ../repx/run",
    "repx debug-run 0pkal2l7 -c 'env; ls -l'",
  ],
  run: runDebug,
};

async function runDebug(call: CommandCall): Promise<number> {
  const word = parseJobWord(call.operands[0] ?? "");
  const command = call.text("command");
  const terminal = findTerminal(call);
  refuseNobody(call, command, terminal);
  const { debugJob, findJob } = await import("@repx/core/submissions");
  await using opened = await openTarget(call);
  const { transport, target } = opened;
  const { job, submission } = await findJob(transport, target.basePath, word);
  if (submission === undefined) {
    throw new RepxError("LAB_JOB_UNKNOWN", `no submission on the target has ${job} any more`, {
      hint: "`repx gc` has taken it: submit the job again with `repx run --force`.",
    });
  }
  const output = await debugJob(transport, {
    basePath: target.basePath,
    submission,
    job,
    ...(command === undefined ? {} : { command }),
    ...(terminal === undefined ? {} : { terminal }),
    ...(terminal !== undefined || call.isSet("json") ? {} : { onStdout: (chunk) => call.screen.write(chunk) }),
  });
  if (call.isSet("json")) call.screen.printJson({ id: job, submission, ...describeOutput(output) });
  else if (output.stderr !== "") call.screen.note(output.stderr.trimEnd());
  return output.exitCode;
}

function describeOutput({ exitCode, stdout, stderr }: Output): Record<string, unknown> {
  return { exitCode, stdout, stderr };
}

function findTerminal({ screen, environment, isSet }: CommandCall): Terminal | undefined {
  const { stdin: input, stdout: output } = process;
  if (!input.isTTY || !screen.isTerminal || isSet("json")) return undefined;
  return { input, output, type: environment["TERM"] ?? "dumb" };
}

function refuseNobody({ isSet }: CommandCall, command: string | undefined, terminal: Terminal | undefined): void {
  if (command !== undefined || terminal !== undefined) return;
  const message = isSet("json") ? "--json is given, and no command" : "a shell needs a terminal, and here is none";
  throw new RepxError("INPUT_INVALID", message, { hint: "Say what to run: -c COMMAND." });
}
