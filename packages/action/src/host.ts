// The one place that knows @actions/*: what the runner gives the Action and takes from it.
import * as core from "@actions/core";
import { context, getOctokit } from "@actions/github";

/** What a runner offers. */
export interface Host {
  readInput(name: string): string;
  addMask(secret: string): void;
  setOutput(name: string, value: string | number): void;
  saveState(name: string, value: string): void;
  readState(name: string): string;
  /** Asks GitHub for an OIDC token; undefined where the workflow has not been given `id-token: write`. */
  requestIdToken(audience: string): Promise<string> | undefined;
  /** Opens GitHub's REST API, that of GITHUB_API_URL, with a token. */
  openGitHub(token: string): GitHub;
  printLine(line: string): void;
  annotate(level: "error" | "warning" | "notice", title: string, message: string): void;
  appendSummary(markdown: string): Promise<void>;
  readonly event: {
    readonly name: string;
    readonly payload: unknown;
    readonly sha: string;
    /** `owner/name`; empty outside of a workflow. */
    readonly repository: string;
    /** Where a person sees the workflow run; empty outside of one. */
    readonly url: string;
  };
  /** Without inputs, state and request tokens. */
  readonly environment: Readonly<Record<string, string>>;
}

/** GitHub's REST API. A refusal is an answer. */
export interface GitHub {
  /** Sends one request, `POST /repos/{owner}/{repo}/check-runs`, its parameters in the path first. */
  request(route: string, parameters: Readonly<Record<string, unknown>>): Promise<GitHubAnswer>;
}

/** What GitHub said. */
export interface GitHubAnswer {
  /** 0 when no answer came. */
  readonly status: number;
  readonly data: unknown;
  /** Of a refusal. */
  readonly message: string;
  /** Whether later is better: too many requests. */
  readonly isLimited: boolean;
  /** How long GitHub asks to be left alone then, where it says so. */
  readonly retryAfterSeconds?: number;
}

const ANNOTATE = { error: core.error, warning: core.warning, notice: core.notice } as const;

/** Opens the runner that this process was started by. */
export function openHost(): Host {
  const environment = readEnvironment();
  return {
    readInput: (name) => core.getInput(name),
    addMask: (secret) => core.setSecret(secret),
    setOutput: (name, value) => core.setOutput(name, value),
    saveState: (name, value) => core.saveState(name, value),
    readState: (name) => core.getState(name),
    requestIdToken: (audience) =>
      (process.env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "") === "" ? undefined : core.getIDToken(audience),
    openGitHub,
    printLine: (line) => core.info(line),
    annotate: (level, title, message) => ANNOTATE[level](message, { title }),
    appendSummary: async (markdown) => {
      if (environment["GITHUB_STEP_SUMMARY"] === undefined) return;
      await core.summary.addRaw(markdown, true).write();
    },
    event: {
      name: context.eventName,
      payload: context.payload,
      sha: context.sha,
      repository: environment["GITHUB_REPOSITORY"] ?? "",
      url: readUrl(environment),
    },
    environment,
  };
}

function readUrl({
  GITHUB_SERVER_URL: server,
  GITHUB_REPOSITORY: repository,
  ...rest
}: Record<string, string>): string {
  const run = rest["GITHUB_RUN_ID"];
  return server === undefined || repository === undefined || run === undefined
    ? ""
    : `${server}/${repository}/actions/runs/${run}`;
}

const DEADLINE_MS = 30_000;

function openGitHub(token: string): GitHub {
  const octokit = getOctokit(token);
  return {
    async request(route, parameters) {
      try {
        const request = { signal: AbortSignal.timeout(DEADLINE_MS) };
        const { status, data } = await octokit.request(route, { ...parameters, request });
        return { status, data, message: "", isLimited: false };
      } catch (error) {
        return readRefusal(error);
      }
    },
  };
}

/** Octokit throws for a refusal what has its status and headers, and for no answer something else. */
function readRefusal(error: unknown): GitHubAnswer {
  const message = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : 0;
  const headers = readHeaders(error);
  const isLimited =
    status === 429 ||
    (status === 403 && (headers["retry-after"] !== undefined || String(headers["x-ratelimit-remaining"]) === "0"));
  const seconds = Number(headers["retry-after"]);
  return { status, data: undefined, message, isLimited, ...(seconds > 0 ? { retryAfterSeconds: seconds } : {}) };
}

function readHeaders(error: unknown): Record<string, unknown> {
  const response = typeof error === "object" && error !== null && "response" in error ? error.response : undefined;
  const headers = typeof response === "object" && response !== null && "headers" in response ? response.headers : {};
  return typeof headers === "object" && headers !== null ? { ...headers } : {};
}

/** What programs that we start may see: inputs (a private key among them), state and request tokens are not theirs. */
function readEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => !/^(INPUT|STATE|ACTIONS)_/.test(name)));
}
