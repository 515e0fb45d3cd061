import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RepxError } from "@repx/core/model";
import type { Command, CommandCall, Flag } from "../command.ts";
import { CONNECT_FLAGS, findTarget } from "../open-target.ts";
import { PLAN_FLAGS, readPlanFlags } from "../submission/plan-flags.ts";
import { findLab, planRuns, submitRuns } from "../submission/submit-runs.ts";

const RESOURCES = "resources.toml";

/** What decides which jobs run, and how. */
const CHOICE_FLAGS = {
  ...PLAN_FLAGS,
  resources: {
    value: "FILE",
    kind: "file",
    summary: "what jobs ask of the scheduler",
    fallback: `./${RESOURCES} where there is one`,
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** Submits runs. */
export const RUN: Command = {
  name: "run",
  summary: "build a Lab, and submit its jobs to a target",
  description:
    "Builds the flake, sends what the target lacks, and hands the jobs that have not succeeded there to its scheduler, with " +
    "what they wait for. Running it again is safe: what has succeeded is reused. The jobs run on when this command " +
    "has ended. With --wait it stays, and the exit status is 1 when a job did not succeed.",
  operands: [
    {
      name: "RUN",
      summary:
        "a run, a @group, or the beginning of a run's name or of a job's id, with what it needs; all runs when not given",
      isOptional: true,
      isRepeatable: true,
      kind: "run",
    },
  ],
  flags: {
    lab: {
      short: "l",
      value: "LAB",
      kind: "folder",
      summary: "a flake to build, or the folder of a Lab",
      fallback: "the flake here, else ./result",
    },
    ...CONNECT_FLAGS,
    ...CHOICE_FLAGS,
    "dry-run": { short: "n", summary: "say what would run, and why, and submit nothing" },
    wait: {
      short: "w",
      summary: "stay until every job has ended; with the scheduler of this machine Ctrl-C cancels them",
    },
  },
  examples: [
    "repx run",
    "repx run --dry-run",
    "repx run simulation --param seed=1 --force",
    "repx run simulation @plots --target cluster --wait",
    "repx run --lab ./result --resources big.toml --json",
  ],
  run: runRun,
};

async function runRun(call: CommandCall): Promise<number> {
  // A mistyped name need not wait for the Lab to be built.
  const found = await findTarget(call);
  if (call.isSet("fail-fast") && found.target.scheduler !== "local") {
    throw new RepxError(
      "INPUT_INVALID",
      `--fail-fast is given, and target ${found.target.name} has the scheduler slurm`,
      {
        hint: "Leave it out: there what needs a job that failed does not run, and `repx cancel` takes back the rest.",
      },
    );
  }
  const request = {
    ...readPlanFlags(call),
    lab: call.text("lab") ?? (await findLab(call.cwd)),
    runs: call.operands,
    resources: call.text("resources") ?? (await findResources(call.cwd)),
    waits: call.isSet("wait"),
  };
  return call.isSet("dry-run") ? planRuns(call, found, request) : submitRuns(call, found, request);
}

async function findResources(cwd: string): Promise<string | undefined> {
  const isThere = await stat(join(cwd, RESOURCES)).catch(() => undefined);
  return isThere?.isFile() === true ? RESOURCES : undefined;
}
