import { join } from "node:path";
import { SYSTEM_PATH } from "./command.ts";

/** What the runner knows of the workflow run. */
export interface WorkflowContext {
  readonly repository: string;
  readonly repositoryId?: number;
  readonly ownerId?: number;
  readonly sha: string;
  readonly ref: string;
  readonly actor: string;
  readonly eventName: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly apiUrl: string;
  readonly serverUrl?: string;
  readonly headRef?: string;
  readonly baseRef?: string;
  readonly runId?: string;
  readonly runAttempt?: number;
  readonly workspace?: string;
  /** `github.token`, masked in the log. */
  readonly token?: string;
  /** ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN; the latter is masked. */
  readonly oidc?: Readonly<Record<string, string>>;
}

/** The environment of an action on a self-hosted runner; nothing of our own leaks into it. */
export function renderRunnerEnvironment(folder: string, context: WorkflowContext): Record<string, string> {
  return {
    PATH: SYSTEM_PATH,
    HOME: join(folder, "home"),
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "repx",
    GITHUB_ACTOR: context.actor,
    GITHUB_API_URL: context.apiUrl,
    GITHUB_SERVER_URL: context.serverUrl ?? context.apiUrl,
    GITHUB_GRAPHQL_URL: `${context.apiUrl}/graphql`,
    GITHUB_BASE_REF: context.baseRef ?? "",
    GITHUB_HEAD_REF: context.headRef ?? "",
    GITHUB_EVENT_NAME: context.eventName,
    GITHUB_JOB: "experiment",
    GITHUB_REF: context.ref,
    GITHUB_REF_NAME: context.ref.replace(/^refs\/(?:heads|tags|pull)\//, ""),
    GITHUB_REPOSITORY: context.repository,
    GITHUB_REPOSITORY_ID: String(context.repositoryId ?? 1),
    GITHUB_REPOSITORY_OWNER: context.repository.split("/")[0] ?? "",
    GITHUB_REPOSITORY_OWNER_ID: String(context.ownerId ?? 1),
    GITHUB_RUN_ATTEMPT: String(context.runAttempt ?? 1),
    GITHUB_RUN_ID: context.runId ?? "1",
    GITHUB_RUN_NUMBER: "1",
    GITHUB_SHA: context.sha,
    GITHUB_TRIGGERING_ACTOR: context.actor,
    GITHUB_WORKFLOW: "experiment",
    GITHUB_WORKSPACE: context.workspace ?? join(folder, "workspace"),
    RUNNER_ARCH: process.arch === "arm64" ? "ARM64" : "X64",
    RUNNER_ENVIRONMENT: "self-hosted",
    RUNNER_NAME: "repx-harness",
    RUNNER_OS: "Linux",
    RUNNER_TEMP: join(folder, "temp"),
    RUNNER_TOOL_CACHE: join(folder, "tools"),
    ...context.oidc,
  };
}
