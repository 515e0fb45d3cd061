import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckRun } from "../test/harness/github-emulator.ts";
import { type Experiment, startWorld, type World } from "../test/harness/world.ts";
import { renderReport } from "./demo-report.ts";
import { parseStepLine, type Terminal } from "./terminal.ts";

export interface StoryOptions {
  readonly folder: string;
  readonly keep: boolean;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** What came of a demo; `--json` prints it. */
export interface StoryResult {
  readonly isPassed: boolean;
  readonly steps: readonly { readonly name: string; readonly seconds: number }[];
  readonly pullRequest: number;
  readonly jobs: number;
  readonly reused: number;
  readonly checks: readonly {
    readonly name: string;
    readonly conclusion: string | null;
    readonly title: string | null;
  }[];
  readonly comment: string;
  readonly outputs: string;
}

interface Clock {
  readonly steps: { name: string; seconds: number }[];
  /** Ends the step that began with the last call. */
  finish(name: string, detail: string): void;
}

/** Plays the whole story; undefined when it was interrupted. The services end with it. */
export async function playStory(options: StoryOptions): Promise<StoryResult | undefined> {
  const { terminal, signal } = options;
  terminal.print("RepX demo: from a pull request to its results, on this machine\n");
  const clock = startClock(terminal);
  await using world = await startWorld({
    folder: options.folder,
    onStep: (step) => terminal.print(`${" ".repeat(22)}${step}`),
  });
  clock.finish("services", "are up");
  const interrupted = waitForAbort(signal);
  try {
    const story = tell(world, options, clock);
    const result = await Promise.race([story, interrupted]);
    // An interrupted story ends by itself when its services do; what it says then is of no interest.
    story.catch(() => {});
    if (result === undefined) {
      terminal.close("\ninterrupted: ending the services");
      return undefined;
    }
    terminal.print(renderReport(result));
    if (options.keep) await keepServices(world, terminal, interrupted);
    return result;
  } catch (error) {
    terminal.print(`\nThe services' last words:\n${(await world.readLogs()).split("\n").slice(-60).join("\n")}`);
    throw error;
  }
}

async function tell(world: World, options: StoryOptions, clock: Clock): Promise<StoryResult> {
  const { terminal } = options;
  const experiment = await world.openExperiment("first-sweep");
  const { pullRequest } = experiment;
  clock.finish("pull", `request #${pullRequest.number} of ${world.github.fullName} is open`);
  const run = await world.runAction(experiment, {
    onLine: (line) => passOn(line, clock, terminal),
    signal: options.signal,
  });
  if (run.exitCode !== 0) throw new Error(`the Action ended with ${run.exitCode}:\n${run.log}`);
  const jobs = Number(run.outputs["jobs"]);
  const reused = Number(run.outputs["reused"]);
  const checks = await followJobs(world, experiment, run.outputs["submission"] ?? "", terminal);
  clock.finish("jobs", jobs === reused ? "none to wait for" : `${jobs - reused} ended; both checks are concluded`);
  const comment = await readComment(world, pullRequest.number);
  clock.finish("comment", "is on the pull request");
  return {
    isPassed: checks.every((check) => check.conclusion === "success") && comment.includes("percolation"),
    steps: clock.steps,
    pullRequest: pullRequest.number,
    jobs,
    reused,
    checks: checks.map(({ name, conclusion, output }) => ({ name, conclusion, title: output.title })),
    comment,
    outputs: join(world.basePath, "outputs"),
  };
}

/** The Action tells of its steps in lines of one form; they become steps and bars here, all else is left out. */
function passOn(line: string, clock: Clock, terminal: Terminal): void {
  const step = parseStepLine(line);
  if (step?.fraction !== undefined) terminal.showProgress(step.name, step.fraction, step.detail);
  else if (step !== undefined) clock.finish(step.name, step.detail);
  else if (line.startsWith("nothing to submit")) terminal.print(`\n  ${line}\n`);
}

async function followJobs(
  world: World,
  { pullRequest }: Experiment,
  submission: string,
  terminal: Terminal,
): Promise<CheckRun[]> {
  const ended = world.waitForChecks(pullRequest.headSha, 2, 300);
  for (;;) {
    const checks = await Promise.race([ended, sleep(300)]);
    if (checks !== undefined) return checks;
    const { done, total } = await countJobs(world.basePath, submission);
    if (total > 0) terminal.showProgress("jobs", done / total, `${done} of ${total} ended`);
  }
}

/** Counts on the target itself: jobs handed to SLURM, and those with a marker. */
async function countJobs(basePath: string, submission: string): Promise<{ done: number; total: number }> {
  const table = await readFile(join(basePath, "submissions", submission, "slurm.tsv"), "utf8").catch(() => "");
  const jobs = table.split("\n").flatMap((line) => line.split("\t").slice(1));
  const marks = await Promise.all(jobs.map(async (job) => hasMarker(join(basePath, "outputs", job, "repx"))));
  return { done: marks.filter(Boolean).length, total: jobs.length };
}

async function hasMarker(folder: string): Promise<boolean> {
  const found = await Promise.allSettled(["SUCCESS", "FAIL"].map(async (name) => access(join(folder, name))));
  return found.some(({ status }) => status === "fulfilled");
}

async function readComment(world: World, number: number): Promise<string> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(200)) {
    const [comment] = await world.github.readComments(number);
    if (comment !== undefined) return comment.body;
  }
  throw new Error(`no comment on pull request #${number} within 30 s of its last check`);
}

function startClock(terminal: Terminal): Clock {
  const steps: { name: string; seconds: number }[] = [];
  let since = performance.now();
  return {
    steps,
    finish: (name, detail) => {
      const seconds = (performance.now() - since) / 1000;
      since = performance.now();
      steps.push({ name, seconds: Math.round(seconds * 100) / 100 });
      terminal.printStep(name, seconds, detail);
    },
  };
}

async function waitForAbort(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

async function keepServices(world: World, terminal: Terminal, interrupted: Promise<undefined>): Promise<void> {
  terminal.print(
    [
      "\nThe services stay up until Ctrl-C:",
      `  GitHub emulator  ${world.github.url}/repos/${world.github.fullName}/pulls  (Authorization: Bearer ${world.github.token})`,
      `  coordinator      ${world.coordinator.url}/healthz`,
      `  SLURM            SLURM_CONF=${world.cluster.conf} sinfo`,
      `  login node       ssh -p ${world.ssh.port} -i ${world.ssh.privateKeyPath} ${world.user.name}@${world.ssh.host}`,
    ].join("\n"),
  );
  // A promise alone does not keep Node alive.
  const alive = setInterval(() => {}, 60_000);
  await interrupted;
  clearInterval(alive);
}
