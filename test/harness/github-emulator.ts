import { createEmulator } from "emulate";
import * as z from "zod";
import { findFreePort } from "./free-port.ts";
import {
  createApp,
  type GitHubApp,
  type GitHubEmulatorOptions,
  PERSON_TOKEN,
  renderSeed,
  signAppToken,
} from "./github-seed.ts";

export interface PullRequest {
  readonly number: number;
  readonly branch: string;
  readonly headSha: string;
  readonly baseSha: string;
  readonly htmlUrl: string;
  /** The payload of GitHub's `pull_request` webhook: what lies at GITHUB_EVENT_PATH. */
  readonly event: Record<string, unknown>;
}

export interface GitHubEmulator extends AsyncDisposable {
  /** The REST API: GITHUB_API_URL. */
  readonly url: string;
  readonly owner: string;
  readonly repository: string;
  /** owner/repository, as GITHUB_REPOSITORY. */
  readonly fullName: string;
  readonly repositoryId: number;
  readonly ownerId: number;
  readonly actor: string;
  readonly actorId: number;
  /** A person's token that may do everything. */
  readonly token: string;
  readonly app: GitHubApp;
  /** Makes a branch with one commit and opens a pull request from it to main. */
  openPullRequest(options: { readonly branch: string; readonly title: string }): Promise<PullRequest>;
  /** Puts another commit on a pull request's branch; the answer has the new head and a `synchronize` payload. */
  pushCommit(pullRequest: PullRequest): Promise<PullRequest>;
  readCheckRuns(sha: string): Promise<CheckRun[]>;
  readComments(number: number): Promise<Comment[]>;
  /** An installation token, got as an App gets it: a JWT of its key, exchanged. All that the App may, or less. */
  createInstallationToken(permissions?: Readonly<Record<string, "read" | "write">>): Promise<string>;
  /** One request to the REST API, `path` below the API's root; throws when the status is no 2xx. */
  request(
    method: string,
    path: string,
    options?: { readonly token?: string; readonly body?: unknown },
  ): Promise<unknown>;
  readLogs(): Promise<string>;
}

const checkRunSchema = z.looseObject({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  head_sha: z.string(),
  external_id: z.string().nullable(),
  details_url: z.string().nullable(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  output: z.looseObject({ title: z.string().nullable(), summary: z.string().nullable(), text: z.string().nullable() }),
});
export type CheckRun = z.infer<typeof checkRunSchema>;

const commentSchema = z.looseObject({
  id: z.number(),
  body: z.string(),
  user: z.looseObject({ login: z.string() }),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Comment = z.infer<typeof commentSchema>;

const userSchema = z.looseObject({ id: z.number(), login: z.string() });
const repositorySchema = z.looseObject({ id: z.number(), owner: userSchema });
const refSchema = z.looseObject({ object: z.looseObject({ sha: z.string() }) });
const pullSchema = z.looseObject({
  html_url: z.string(),
  number: z.number(),
  user: userSchema,
  head: z.looseObject({ sha: z.string(), ref: z.string() }),
  base: z.looseObject({ sha: z.string(), ref: z.string() }),
});

/** Starts an emulator of GitHub's REST API with one repository and one App that is installed on it. */
export async function startGitHubEmulator(options: GitHubEmulatorOptions = {}): Promise<GitHubEmulator> {
  const owner = options.owner ?? "lab";
  const repository = options.repository ?? "study";
  const root = `/repos/${owner}/${repository}`;
  const app = createApp();
  const port = await findFreePort();
  const emulator = await createEmulator({ service: "github", port, seed: renderSeed(owner, repository, app, options) });
  const log: string[] = [];
  const request = openRequest(emulator.url, log);
  const known = repositorySchema.parse(await request("GET", root));
  const person = userSchema.parse(await request("GET", "/user"));
  return {
    url: emulator.url,
    owner,
    repository,
    fullName: `${owner}/${repository}`,
    repositoryId: known.id,
    ownerId: known.owner.id,
    actor: person.login,
    actorId: person.id,
    token: PERSON_TOKEN,
    app,
    request,
    ...openPullRequests(request, root, { sender: person, installation: { id: app.installationId } }),
    readCheckRuns: async (sha) => {
      const answer = await request("GET", `${root}/commits/${sha}/check-runs?per_page=100`);
      return z.looseObject({ check_runs: z.array(checkRunSchema) }).parse(answer).check_runs;
    },
    readComments: async (number) =>
      z.array(commentSchema).parse(await request("GET", `${root}/issues/${number}/comments?per_page=100`)),
    createInstallationToken: async (permissions) => {
      const path = `/app/installations/${app.installationId}/access_tokens`;
      const answer = await request("POST", path, {
        token: await signAppToken(app),
        body: permissions === undefined ? {} : { permissions },
      });
      return z.looseObject({ token: z.string() }).parse(answer).token;
    },
    readLogs: async () => log.join("\n"),
    [Symbol.asyncDispose]: async () => emulator.close(),
  };
}

function openPullRequests(
  request: GitHubEmulator["request"],
  root: string,
  around: Readonly<Record<string, unknown>>,
): Pick<GitHubEmulator, "openPullRequest" | "pushCommit"> {
  const describe = async (pull: unknown, action: "opened" | "synchronize"): Promise<PullRequest> => {
    const { number, head, base, html_url: htmlUrl } = pullSchema.parse(pull);
    const repository = await request("GET", root);
    // emulate 0.12.2 leaves `number` out of its own webhook; GitHub has it.
    const event = { action, number, pull_request: pull, repository, ...around };
    return { number, branch: head.ref, headSha: head.sha, baseSha: base.sha, htmlUrl, event };
  };
  return {
    openPullRequest: async ({ branch, title }) => {
      const { object } = refSchema.parse(await request("GET", `${root}/git/ref/heads/main`));
      await request("POST", `${root}/git/refs`, { body: { ref: `refs/heads/${branch}`, sha: object.sha } });
      const content = Buffer.from(`${title}\n`).toString("base64");
      const file = { message: title, branch, content };
      await request("PUT", `${root}/contents/${encodeURIComponent(branch)}.txt`, { body: file });
      const body = { title, head: branch, base: "main" };
      return describe(await request("POST", `${root}/pulls`, { body }), "opened");
    },
    pushCommit: async (pull) => {
      // emulate 0.12.2 moves a pull request's head by this request only, not when its branch moves.
      await request("PUT", `${root}/pulls/${pull.number}/update-branch`, { body: {} });
      return describe(await request("GET", `${root}/pulls/${pull.number}`), "synchronize");
    },
  };
}

function openRequest(url: string, log: string[]): GitHubEmulator["request"] {
  return async (method, path, options = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${options.token ?? PERSON_TOKEN}`, "content-type": "application/json" },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    log.push(`${method} ${path} ${response.status}`);
    if (!response.ok) throw new Error(`${method} ${url}${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return text === "" ? undefined : JSON.parse(text);
  };
}
