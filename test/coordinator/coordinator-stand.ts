import { join } from "node:path";
import * as z from "zod";
import { type CoordinatorProcess, startCoordinatorProcess } from "../harness/coordinator-process.ts";
import { findFreePort } from "../harness/free-port.ts";
import { type GitHubEmulator, type PullRequest, startGitHubEmulator } from "../harness/github-emulator.ts";
import { type GitHubRules, type GitHubRulesOptions, startGitHubRules } from "../harness/github-rules.ts";
import { type OidcIssuer, startOidcIssuer } from "../harness/oidc-issuer.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";

export const Receipt = z.looseObject({ id: z.string(), token: z.string(), url: z.string(), expiresAt: z.string() });
export type Receipt = z.infer<typeof Receipt>;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What webhooks to the stand's coordinator are signed with. */
export const WEBHOOK_SECRET = "webhook-secret-of-the-stand";

/** A coordinator on workerd with everything that it talks to, on loopback. */
export interface CoordinatorStand extends AsyncDisposable {
  readonly coordinator: CoordinatorProcess;
  readonly github: GitHubEmulator;
  readonly issuer: OidcIssuer;
  /** GitHub as the coordinator sees it; ending the stand fails when it was asked for what GitHub refuses. */
  readonly proxy: GitHubRules;
  /** Opens another pull request; tests that look at checks have one each. */
  openPullRequest(branch: string): Promise<PullRequest>;
  send(method: string, path: string, token: string | undefined, body?: string): Promise<Answer>;
  /** Registers with a fresh ID token: run `simulation` of jobs 1..count, run `analysis` of job 0. */
  register(pullRequest: PullRequest, count: number): Promise<Receipt>;
  /** Registers runs of one's own: the numbers of the jobs, by the name of the run. */
  registerRuns(pullRequest: PullRequest, runs: Readonly<Record<string, readonly number[]>>): Promise<Receipt>;
  report(receipt: Receipt, events: readonly object[]): Promise<Answer>;
  /** `name: status conclusion title` of every check at the head, by name; waits until it is as wanted. */
  waitForChecks(
    pullRequest: PullRequest,
    isWanted: (lines: readonly string[]) => boolean,
    timeoutSeconds?: number,
  ): Promise<readonly string[]>;
}

/** What a stand may have of its own. */
export interface StandOptions {
  /** Settings of the coordinator beside the needed ones. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly rules?: GitHubRulesOptions;
}

/** Starts the stand; its folder, ports and processes are its own and end with it. */
export async function startCoordinatorStand({
  settings = {},
  rules = {},
}: StandOptions = {}): Promise<CoordinatorStand> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await startScratchFolder());
  const github = stack.use(await startGitHubEmulator());
  const proxy = stack.use(await startGitHubRules(github, rules));
  const issuer = stack.use(await startOidcIssuer(describeRun(github, 1, "0".repeat(40))));
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const coordinator = stack.use(
    await startCoordinatorProcess({
      folder: join(folder.path, "coordinator"),
      port,
      vars: {
        COORDINATOR_ORIGIN: origin,
        GITHUB_API_URL: proxy.url,
        GITHUB_SERVER_URL: proxy.url,
        OIDC_ISSUER: issuer.url,
        GITHUB_APP_ID: String(github.app.id),
      },
      secrets: { GITHUB_APP_PRIVATE_KEY: github.app.privateKey, GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET, ...settings },
    }),
  );
  const send = async (method: string, path: string, token: string | undefined, body?: string): Promise<Answer> => {
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) };
  };
  const submit = async (pullRequest: PullRequest, body: string): Promise<Receipt> => {
    issuer.describeRun(describeRun(github, pullRequest.number, pullRequest.headSha));
    const answer = await send("POST", "/api/submissions", await issuer.sign({ aud: origin }), body);
    if (answer.status !== 201) throw new Error(`registering: ${JSON.stringify(answer)}`);
    return Receipt.parse(answer.body);
  };
  const kept = stack.move();
  return {
    coordinator,
    github,
    issuer,
    proxy,
    openPullRequest: async (branch) => github.openPullRequest({ branch, title: `Study ${branch}` }),
    send,
    register: async (pullRequest, count) => submit(pullRequest, renderRegistration(pullRequest, count)),
    registerRuns: async (pullRequest, runs) => submit(pullRequest, renderRuns(pullRequest, runs)),
    report: async (receipt, events) => {
      const body = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      return send("POST", `/api/submissions/${receipt.id}/events`, receipt.token, body);
    },
    waitForChecks: async (pullRequest, isWanted, timeoutSeconds = 30) =>
      waitForChecks(github, pullRequest, isWanted, timeoutSeconds),
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}

function describeRun(github: GitHubEmulator, pullRequest: number, sha: string) {
  const { fullName: repository, repositoryId, ownerId, actor, actorId } = github;
  return { repository, repositoryId, ownerId, actor, actorId, pullRequest, sha, runId: "4711" };
}

/** A job's id; `nth` makes it unique. */
export function jobId(nth: number): string {
  return `${String(nth).padStart(32, "0")}-walk-1.0`;
}

/** The body of a registration: run `simulation` of jobs 1..count, run `analysis` of job 0. */
export function renderRegistration(pullRequest: PullRequest, count: number): string {
  const simulation = Array.from({ length: count }, (_, index) => index + 1);
  return renderRuns(pullRequest, { simulation, analysis: [0] });
}

function renderRuns(pullRequest: PullRequest, runs: Readonly<Record<string, readonly number[]>>): string {
  const ids = new Set(Object.values(runs).flat().map(jobId));
  return JSON.stringify({
    lab: "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5",
    target: "cluster",
    headSha: pullRequest.headSha,
    pullRequest: pullRequest.number,
    runs: Object.entries(runs).map(([name, jobs]) => ({ name, jobs: jobs.map(jobId) })),
    jobs: [...ids].map((id) => ({
      id,
      stage: "walk-1.0",
      parameters: { seed: 1 },
      dependsOn: id === jobId(0) ? [...ids].filter((other) => other !== id) : [],
      isReused: false,
    })),
  });
}

/** An event of the nth job. */
export function renderEvent(nth: number, state: string, fields: object = {}): object {
  return {
    id: `${nth}.1.${state}`,
    job: jobId(nth),
    attempt: 1,
    state,
    at: new Date().toISOString(),
    slurmId: String(100 + nth),
    ...(state === "COMPLETED" && { marker: "SUCCESS", exitCode: 0 }),
    ...fields,
  };
}

async function waitForChecks(
  github: GitHubEmulator,
  pullRequest: PullRequest,
  isWanted: (lines: readonly string[]) => boolean,
  timeoutSeconds: number,
): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  const wait = { what: "the checks", timeoutSeconds, intervalMs: 20 };
  const isThere = waitUntil(wait, async () => {
    const checks = await github.readCheckRuns(pullRequest.headSha);
    seen = checks
      .map((check) => `${check.name}: ${check.status} ${check.conclusion ?? "-"} ${renderTitle(check)}`)
      .toSorted();
    return isWanted(seen);
  });
  await isThere.catch((error: unknown) => {
    throw new Error(`the checks stay at ${JSON.stringify(seen)}`, { cause: error });
  });
  return seen;
}

function renderTitle(check: Readonly<Record<string, unknown>>): string {
  return z.looseObject({ title: z.string() }).safeParse(check["output"]).data?.title ?? "";
}
