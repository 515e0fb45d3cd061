// Submitting at a prompt, for `run` and `retry`: the core's one story, told on stderr, and what to type next.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentOutcome, ExperimentRequest } from "@repx/core";
import { isConcluded, summarizeRun } from "@repx/core/model";
import type { cancelSubmission, SubmissionStatus } from "@repx/core/submissions";
import { showBuildLog } from "../build-log.ts";
import type { CommandCall } from "../command.ts";
import { count, renderNumber } from "../count.ts";
import { describeTarget, openTarget, type FoundTarget, type OpenedTarget } from "../open-target.ts";
import { makeIdRenderer } from "../short-ids.ts";
import { openTemporaryFolder } from "../temporary-folder.ts";
import { describeJobs, describeSubmission } from "./describe-status.ts";
import { followSubmission } from "./follow.ts";
import { renderStatus } from "./render-status.ts";
import { INTERRUPTED, sayWhenInterrupted, takeInterrupt } from "./when-interrupted.ts";
import { openStepLines } from "./step-lines.ts";

/** What is to be submitted. */
export interface RunsRequest extends Pick<ExperimentRequest, "wishes" | "runtime" | "isFailFast"> {
  /** A flake reference, or the folder of a Lab. */
  readonly lab: string;
  readonly runs: readonly string[];
  /** A resources.toml. */
  readonly resources: string | undefined;
  readonly waits: boolean;
}

const SHORT_ID = 8;

/** Submits and tells of it; with `waits`, stays until all have ended. Answers the exit status. */
export async function submitRuns(call: CommandCall, found: FoundTarget, request: RunsRequest): Promise<number> {
  let opened: OpenedTarget | undefined;
  await using held = new AsyncDisposableStack();
  const open = async (): Promise<OpenedTarget> => (opened ??= held.use(await openTarget(call, found)));
  const outcome = await submit(call, found, request, async () => (await open()).transport);
  const { transport } = await open();
  const facts = describeOutcome(outcome, describeTarget(found, transport));
  const where = `${found.target.name} (${transport.description})`;
  if (outcome.submitted + outcome.shared === 0) {
    if (call.isSet("json")) call.screen.printJson(facts);
    else call.screen.print(tellNothingToDo(outcome, where));
    return 0;
  }
  if (!request.waits) {
    if (call.isSet("json")) call.screen.printJson(facts);
    else for (const line of await tellSubmitted(outcome, call)) call.screen.print(line);
    return 0;
  }
  const { openWatch } = await import("@repx/core/submissions");
  const watch = openWatch(transport, found.target.basePath, outcome.id);
  const again = `repx wait ${outcome.id}${await repeatTarget(call)}`;
  let isInterrupted = false;
  using _ = runsHere(found.target)
    ? takeInterrupt(() => {
        isInterrupted = true;
        void cancelHere(call.screen, transport, { basePath: found.target.basePath, id: outcome.id });
      })
    : sayWhenInterrupted(call.screen, () => `The jobs run on. Wait again with \`${again}\`.`);
  const status = await followSubmission(watch, { where, screen: call.screen });
  if (call.isSet("json")) {
    call.screen.printJson({ ...facts, ...describeSubmission(status), jobs: describeJobs(status) });
  } else await printStatus(call, status, where);
  return isInterrupted ? INTERRUPTED : judgeStatus(status);
}

/** Whether the jobs are children of this machine's own agent: who waits for them there means them with Ctrl-C. */
function runsHere({ address, scheduler }: FoundTarget["target"]): boolean {
  return address === undefined && scheduler === "local";
}

async function cancelHere(
  screen: CommandCall["screen"],
  transport: OpenedTarget["transport"],
  place: Parameters<typeof cancelSubmission>[1],
): Promise<void> {
  screen.note("Cancelling the jobs. Ctrl-C again leaves them alone.");
  const { cancelSubmission } = await import("@repx/core/submissions");
  await cancelSubmission(transport, place).catch((error: unknown) =>
    screen.note(`The jobs were not cancelled: ${error instanceof Error ? error.message : String(error)}`),
  );
}

async function submit(
  call: CommandCall,
  found: FoundTarget,
  request: RunsRequest,
  open: () => Promise<OpenedTarget["transport"]>,
): Promise<ExperimentOutcome> {
  const { submitExperiment } = await import("@repx/core");
  await using temporary = await openTemporaryFolder(call.environment);
  const lines = openStepLines(call.screen);
  let isSubmitting = false;
  using _ = sayWhenInterrupted(call.screen, () =>
    isSubmitting
      ? "The scheduler may have some of the jobs: `repx status` tells, `repx cancel` takes them back (with the same --target)."
      : undefined,
  );
  const experiment = describeRequest(call, found, request, { open, temporaryFolder: temporary.path });
  return await submitExperiment({
    ...experiment,
    ...(request.isFailFast === true ? { isFailFast: true } : {}),
    commit: undefined,
    coordinator: undefined,
    watch: {
      reporter: {
        ...lines,
        start(step) {
          isSubmitting ||= step === "submit";
          lines.start(step);
        },
      },
      onRegistered: () => {},
    },
  }).catch((error: unknown) => {
    showBuildLog(error, call.screen);
    throw error;
  });
}

/** Says what submitting would do, and why; nothing is submitted, sent or made. Answers the exit status. */
export async function planRuns(call: CommandCall, found: FoundTarget, request: RunsRequest): Promise<number> {
  const { planExperiment, renderPlan } = await import("@repx/core/plan");
  await using temporary = await openTemporaryFolder(call.environment);
  let opened: OpenedTarget | undefined;
  await using held = new AsyncDisposableStack();
  const open = async (): Promise<OpenedTarget["transport"]> =>
    (opened ??= held.use(await openTarget(call, found))).transport;
  const plan = await planExperiment({
    ...describeRequest(call, found, request, { open, temporaryFolder: temporary.path }),
    watch: { reporter: openStepLines(call.screen) },
  }).catch((error: unknown) => {
    showBuildLog(error, call.screen);
    throw error;
  });
  if (call.isSet("json")) {
    call.screen.printJson({ ...plan, target: describeTarget(found, await open()), dryRun: true });
  } else for (const line of renderPlan(plan.jobs, call.screen.columns)) call.screen.print(line);
  return 0;
}

function describeRequest(
  { environment, cwd }: CommandCall,
  found: FoundTarget,
  { lab, runs, wishes, runtime, resources }: RunsRequest,
  { open, temporaryFolder }: { readonly open: () => Promise<OpenedTarget["transport"]>; temporaryFolder: string },
): Pick<ExperimentRequest, "lab" | "runs" | "wishes" | "runtime" | "files" | "target" | "process"> {
  return {
    lab,
    runs,
    ...(wishes === undefined ? {} : { wishes }),
    ...(runtime === undefined ? {} : { runtime }),
    files: { config: found.source, resources },
    target: { found: found.target, open },
    process: { environment, workFolder: cwd, temporaryFolder, now: () => new Date() },
  };
}

/** Which Lab is meant where none is named: the flake here, or else the Lab that `repx build` left. */
export async function findLab(cwd: string): Promise<string> {
  const isThere = async (name: string): Promise<boolean> =>
    stat(join(cwd, name)).then(
      () => true,
      () => false,
    );
  return !(await isThere("flake.nix")) && (await isThere("result")) ? "./result" : ".";
}

/** 0 when every job has succeeded, 1 otherwise. */
export function judgeStatus(status: SubmissionStatus): number {
  const isWell = status.runs.every(({ name }) => summarizeRun(status, name).verdict === "passed");
  return isConcluded(status) && isWell ? 0 : 1;
}

/** Prints how a submission stands, and how to see why something did not succeed. */
export async function printStatus(call: CommandCall, status: SubmissionStatus, where: string): Promise<void> {
  const { screen } = call;
  const renderId = makeIdRenderer(screen, status.records.keys());
  for (const line of renderStatus(status, where, screen, renderId)) screen.print(line);
  const failed = status.plan.jobs.find(({ id }) => status.records.get(id)?.state === "failed");
  if (failed !== undefined)
    screen.print(`See why: repx log ${renderId(failed.id)} --stderr${await repeatTarget(call)}`);
}

/** The flag with which a next command finds the same target. */
export async function repeatTarget(call: Pick<CommandCall, "text">): Promise<string> {
  const given = call.text("target");
  if (given === undefined) return "";
  const { showWord } = await import("@repx/core/target");
  return ` --target ${showWord(given)}`;
}

function describeOutcome(outcome: ExperimentOutcome, target: unknown): Record<string, unknown> {
  return {
    submission: outcome.submitted + outcome.shared === 0 ? null : outcome.id,
    target,
    lab: outcome.labHash,
    runs: outcome.runs.map(({ name, jobs }) => ({ name, jobs: jobs.length })),
    total: outcome.jobs.size,
    submitted: outcome.submitted,
    shared: outcome.shared,
    reused: outcome.jobs.size - outcome.submitted - outcome.shared,
  };
}

function tellNothingToDo({ jobs, runs }: ExperimentOutcome, where: string): string {
  const names = runs.map(({ name }) => name).join(", ");
  return `All ${count(jobs.size, "job")} of ${names} have succeeded already on ${where}: nothing was submitted.`;
}

async function tellSubmitted(outcome: ExperimentOutcome, call: CommandCall): Promise<string[]> {
  const { id, submitted, shared, jobs } = outcome;
  const reused = jobs.size - submitted - shared;
  const waited = shared === 0 ? "" : `, ${renderNumber(shared)} in the queue already`;
  const target = await repeatTarget(call);
  const short = call.screen.isTerminal ? id.slice(0, SHORT_ID) : id;
  const renderId = makeIdRenderer(call.screen, jobs.keys());
  const first = [...jobs.values()].find(({ isReused }) => !isReused);
  const next = [
    [`repx wait ${short}${target}`, "stays until all have ended"],
    ...(first === undefined ? [] : [[`repx log ${renderId(first.id)} -f${target}`, "follows what a job prints"]]),
    [`repx cancel ${short}${target}`, "takes them back"],
  ];
  const width = Math.max(...next.map(([command = ""]) => command.length));
  return [
    `${call.screen.paint("bold", `Submission ${id}`)}: ${count(submitted, "job")} on ${outcome.target}${waited}${reused === 0 ? "" : `, ${renderNumber(reused)} reused`}`,
    ...next.map(([command = "", meaning = ""]) => `  ${command.padEnd(width)}  ${meaning}`),
  ];
}
