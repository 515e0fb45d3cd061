import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type ActionManifest, readActionManifest, renderInputs } from "./action-manifest.ts";
import { findMarked, killProcesses } from "./process.ts";
import { NODE } from "./repository-root.ts";
import { renderRunnerEnvironment, type WorkflowContext } from "./runner-environment.ts";
import { readRunnerFile } from "./runner-files.ts";
import { type Annotation, type CommandReader, openCommandReader } from "./workflow-commands.ts";

export interface ActionRunOptions {
  /** action.yml, or the folder that holds it. */
  readonly action: string;
  /** Emptied and used for the runner's files, RUNNER_TEMP and HOME. */
  readonly folder: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly context: WorkflowContext;
  /** Added to the clean environment: NIX_CONFIG, say. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Values the runner would hide because they are the repository's secrets. */
  readonly secrets?: readonly string[];
  readonly timeoutSeconds?: number;
  /** Cancels as the runner does: SIGINT, SIGTERM after 7.5 s, SIGKILL after 10 s; `post` runs all the same. */
  readonly signal?: AbortSignal;
  /** The job's status when `post` runs; as `main` ended when not given. A step after this one may have been cancelled. */
  readonly jobStatus?: "success" | "failure" | "cancelled";
  readonly onLine?: (line: string) => void;
}

export interface ActionRun {
  readonly exitCode: number;
  /** undefined when the action has no `post`. */
  readonly postExitCode: number | undefined;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly log: string;
  /** Names of the processes that the action left running, and that were ended as the runner ends them. */
  readonly orphans: readonly string[];
  readonly durationMs: number;
}

const PIPE_GRACE_MS = 2000;

const FILES = {
  GITHUB_OUTPUT: "output",
  GITHUB_STATE: "state",
  GITHUB_ENV: "env",
  GITHUB_PATH: "path",
  GITHUB_STEP_SUMMARY: "summary",
};

/** Runs an action's `main` and `post` as a self-hosted runner does, in a clean environment, and reads what it left. */
export async function runAction(options: ActionRunOptions): Promise<ActionRun> {
  const manifest = await readActionManifest(options.action);
  const { context } = options;
  const reader = openCommandReader(listSecrets(options), options.onLine);
  const folder = resolve(options.folder);
  await rm(folder, { recursive: true, force: true });
  for (const name of ["temp", "home", "tools", "workspace"]) await mkdir(join(folder, name), { recursive: true });
  const trackingId = `github_${randomUUID()}`;
  const files = await writeFiles(folder, context);
  const environment = {
    ...renderRunnerEnvironment(folder, context),
    ...options.environment,
    RUNNER_TRACKING_ID: trackingId,
    ...files,
    ...readInputs(manifest, options, folder, reader),
  };
  const startedAt = performance.now();
  const run = { reader, options, folder: context.workspace ?? join(folder, "workspace") };
  const exitCode = await runScript(manifest.main, environment, run);
  const durationMs = performance.now() - startedAt;
  const state = await readRunnerFile(files.GITHUB_STATE);
  const outputs = await readRunnerFile(files.GITHUB_OUTPUT);
  const ended = options.signal?.aborted === true ? "cancelled" : exitCode === 0 ? "success" : "failure";
  // As the runner does: inputs are evaluated anew, and the job's status is another one then.
  const inputs = readInputs(manifest, options, folder, reader, options.jobStatus ?? ended);
  const postExitCode = await runPost(manifest, { ...environment, ...inputs }, state, run);
  // As the runner does at a job's end: what still bears its mark is ended.
  const orphans = await findMarked("RUNNER_TRACKING_ID", trackingId);
  await killProcesses(orphans);
  return {
    exitCode,
    postExitCode,
    outputs,
    state,
    durationMs,
    summary: await readFile(files.GITHUB_STEP_SUMMARY, "utf8"),
    annotations: reader.annotations,
    log: reader.log.join("\n"),
    orphans: orphans.map((one) => one.comm),
  };
}

interface ScriptRun {
  readonly reader: CommandReader;
  readonly options: ActionRunOptions;
  readonly folder: string;
}

async function runPost(
  manifest: ActionManifest,
  environment: Readonly<Record<string, string>> & { readonly GITHUB_ENV: string; readonly GITHUB_PATH: string },
  state: Readonly<Record<string, string>>,
  run: ScriptRun,
): Promise<number | undefined> {
  if (manifest.post === undefined) return undefined;
  const added = (await readFile(environment.GITHUB_PATH, "utf8")).split("\n").filter((line) => line !== "");
  const states = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value] as const);
  const changed = await readRunnerFile(environment.GITHUB_ENV);
  const path = [...added.toReversed(), environment["PATH"]].join(":");
  // The signal that cancelled `main` is over: the runner lets `post` run its time.
  const { signal: _, ...options } = run.options;
  return runScript(
    manifest.post,
    { ...environment, PATH: path, ...changed, ...Object.fromEntries(states) },
    { ...run, options },
  );
}

async function runScript(
  script: string,
  environment: Readonly<Record<string, string>>,
  run: ScriptRun,
): Promise<number> {
  const { signal, timeoutSeconds = 300 } = run.options;
  const child = spawn(NODE, [script], {
    cwd: run.folder,
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    // A session of its own: a Ctrl-C at our terminal cancels through `signal` or not at all.
    detached: true,
  });
  const exited = once(child, "exit");
  const closed = once(child, "close");
  for (const input of [child.stdout, child.stderr])
    createInterface({ input, crlfDelay: Infinity }).on("line", run.reader.read);
  const timers: NodeJS.Timeout[] = [];
  const kill = (signalName: NodeJS.Signals, afterSeconds: number) => {
    timers.push(setTimeout(() => child.kill(signalName), afterSeconds * 1000));
  };
  const cancel = () => {
    kill("SIGINT", 0);
    kill("SIGTERM", 7.5);
    kill("SIGKILL", 10);
  };
  kill("SIGKILL", timeoutSeconds);
  timers.push(
    setTimeout(() => run.reader.read(`::error::The action ran longer than ${timeoutSeconds} s`), timeoutSeconds * 1000),
  );
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const [code] = await exited;
    // A process left behind may hold the pipes for ever: the runner too reads on for a moment only.
    await Promise.race([closed, sleep(PIPE_GRACE_MS, undefined, { ref: false })]);
    for (const pipe of [child.stdout, child.stderr]) pipe.destroy();
    return typeof code === "number" ? code : 1;
  } finally {
    signal?.removeEventListener("abort", cancel);
    for (const timer of timers) clearTimeout(timer);
  }
}

function listSecrets(options: ActionRunOptions): string[] {
  const request = options.context.oidc?.["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  return [...(options.secrets ?? []), options.context.token, request].filter((secret) => secret !== undefined);
}

async function writeFiles(folder: string, context: WorkflowContext) {
  const path = (name: string) => join(folder, name);
  for (const name of Object.values(FILES)) await writeFile(path(name), "");
  await writeFile(path("event.json"), JSON.stringify(context.event));
  return {
    GITHUB_OUTPUT: path(FILES.GITHUB_OUTPUT),
    GITHUB_STATE: path(FILES.GITHUB_STATE),
    GITHUB_ENV: path(FILES.GITHUB_ENV),
    GITHUB_PATH: path(FILES.GITHUB_PATH),
    GITHUB_STEP_SUMMARY: path(FILES.GITHUB_STEP_SUMMARY),
    GITHUB_EVENT_PATH: path("event.json"),
  };
}

function readInputs(
  manifest: ActionManifest,
  options: ActionRunOptions,
  folder: string,
  reader: CommandReader,
  jobStatus?: string,
) {
  for (const name of jobStatus === undefined ? Object.keys(options.inputs) : []) {
    if (!manifest.inputNames.has(name)) reader.read(`::warning::Unexpected input(s) '${name}'`);
  }
  const { context } = options;
  const github = {
    token: context.token ?? "",
    repository: context.repository,
    sha: context.sha,
    ref: context.ref,
    actor: context.actor,
    workspace: context.workspace ?? join(folder, "workspace"),
    api_url: context.apiUrl,
    server_url: context.serverUrl ?? context.apiUrl,
    job: "experiment",
  };
  return renderInputs(manifest, options.inputs, github, jobStatus);
}
