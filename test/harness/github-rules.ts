// GitHub as strict as the real one, in front of an emulator that keeps its state: every request is held against
// GitHub's own description, and against the limits and rules that the emulator does not have.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { GitHubEmulator } from "./github-emulator.ts";
import { type AppRules, openAppRules } from "./github-rules-apps.ts";
import { type CheckRules, openCheckRules } from "./github-rules-checks.ts";
import { judgeContent } from "./github-rules-content.ts";
import { type Judgement, readDescription } from "./github-rules-description.ts";
import { type Faults, isWrite, openFaults } from "./github-rules-faults.ts";
import { GITHUB_LIMITS, type Limiter, type LimitCounts, type Limits, openLimiter } from "./github-rules-limits.ts";
import { type OauthRules, openOauthRules } from "./github-rules-oauth.ts";
import {
  forwardRequest,
  readRequest,
  renderRefusal,
  type RulesAnswer,
  type RulesRequest,
  sendAnswer,
} from "./github-rules-request.ts";
import { type Bearer, openTokenBook, type TokenBook } from "./github-rules-tokens.ts";

/** A request that came by, in order; `path` has its query. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly at: number;
}

export interface GitHubRules extends AsyncDisposable, Pick<AppRules, "addDelivery" | "dispatches" | "redelivered"> {
  /** GITHUB_API_URL, and GITHUB_SERVER_URL where people sign in. */
  readonly url: string;
  readonly calls: readonly Call[];
  /** The calls that write into a repository. */
  readonly writes: readonly Call[];
  /** What was wrong with requests of the product. Ending the rules fails when there is any. */
  readonly violations: readonly string[];
  readonly counts: LimitCounts;
  /** What is known of check runs beyond what the emulator keeps, by id. */
  readonly checks: CheckRules["known"];
  readonly failWrites: Faults["failWrites"];
  /** Says that the violations so far are meant, and names them. */
  takeViolations(): string[];
  /** Hands out an installation token of another App, such as the one that a workflow gets as GITHUB_TOKEN. */
  issueToken(app: OtherApp): string;
}

export interface OtherApp {
  readonly appId: number;
  readonly permissions: Readonly<Record<string, string>>;
}

export interface GitHubRulesOptions {
  readonly limits?: Partial<Limits>;
  readonly now?: () => number;
}

/** All rules of one GitHub. */
interface Rules {
  readonly github: Pick<GitHubEmulator, "url" | "token" | "app">;
  readonly judge: Awaited<ReturnType<typeof readDescription>>;
  readonly limiter: Limiter;
  readonly limits: Limits;
  readonly tokens: TokenBook;
  readonly checks: CheckRules;
  readonly apps: AppRules;
  readonly oauth: OauthRules;
  readonly violations: string[];
  readonly commits: Set<string>;
}

/** Starts the rules in front of an emulator. */
export async function startGitHubRules(
  github: Rules["github"],
  options: GitHubRulesOptions = {},
): Promise<GitHubRules> {
  const [calls, faults]: [Call[], Faults] = [[], openFaults()];
  const server = createServer();
  const url = await listen(server);
  const rules = await openRules(github, url, options);
  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = await readRequest(incoming);
    const fault = faults.take(request);
    const answer = fault?.answer ?? (await answerWithinLimits(rules, request));
    calls.push({ method: request.method, path: request.target, status: answer.status, at: Date.now() });
    if (fault?.isHanging !== true) sendAnswer(outgoing, answer);
  };
  server.on("request", (incoming, outgoing) => {
    respond(incoming, outgoing).catch((error: unknown) => outgoing.writeHead(502).end(String(error)));
  });
  return {
    url,
    calls,
    get writes() {
      return calls.filter(({ method, path }) => isWrite({ method, path }));
    },
    violations: rules.violations,
    get counts() {
      return rules.limiter.readCounts();
    },
    checks: rules.checks.known,
    ...rules.apps,
    failWrites: (fault) => faults.failWrites(fault),
    takeViolations: () => rules.violations.splice(0),
    issueToken: (app) => issueToken(rules, app),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      if (rules.violations.length > 0) throw new Error(`GitHub would refuse this:\n${rules.violations.join("\n")}`);
    },
  };
}

async function openRules(github: Rules["github"], url: string, options: GitHubRulesOptions): Promise<Rules> {
  const now = options.now ?? Date.now;
  const limits = { ...GITHUB_LIMITS, ...options.limits };
  return {
    github,
    judge: await readDescription(),
    limiter: openLimiter(limits, now),
    limits,
    tokens: openTokenBook([github.token], now),
    checks: openCheckRules(),
    apps: openAppRules(github.app, url, now),
    oauth: openOauthRules(),
    violations: [],
    commits: new Set(),
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the rules have no port");
  return `http://127.0.0.1:${address.port}`;
}

function issueToken({ tokens, github }: Rules, { appId, permissions }: OtherApp): string {
  const token = `ghs_${randomBytes(18).toString("hex")}`;
  const expiresAt = Date.now() + 3_600_000;
  tokens.add(token, { kind: "installation", appId, permissions, expiresAt, forwardAs: github.token });
  return token;
}

async function answerWithinLimits(rules: Rules, request: RulesRequest): Promise<RulesAnswer> {
  const { limiter, limits, tokens, oauth } = rules;
  const broken = limiter.begin(request.method, request.path);
  try {
    if (broken !== undefined) {
      const message = `You have exceeded a secondary rate limit (${broken}). Please wait a few minutes before you try again.`;
      return renderRefusal(403, message, { headers: { "retry-after": String(limits.retryAfterSeconds) } });
    }
    const answer = isForPeople(request.path) ? await answerPerson(rules, request) : await answerProgram(rules, request);
    tokens.learn(request, answer);
    oauth.note(request, answer);
    return answer;
  } finally {
    limiter.end();
  }
}

/** Signing in and making an App: pages and forms, which the API's description does not have. */
function isForPeople(path: string): boolean {
  return (
    path.startsWith("/login/") ||
    path === "/settings/apps/new" ||
    /^\/organizations\/[^/]+\/settings\/apps\/new$/.test(path)
  );
}

async function answerPerson({ oauth, apps, github }: Rules, request: RulesRequest): Promise<RulesAnswer> {
  if (!request.path.startsWith("/login/")) return apps.takeManifest(request);
  return oauth.admit(request) ?? forwardRequest(github.url, request);
}

async function answerProgram(rules: Rules, request: RulesRequest): Promise<RulesAnswer> {
  const { judge, tokens, apps, violations } = rules;
  const isOpen = request.path.startsWith("/app-manifests/");
  const bearer = isOpen ? undefined : tokens.identify(request);
  if (bearer !== undefined && "refusal" in bearer) return bearer.refusal;
  const judgement = judge(request.method, request.path, request.query, request.body);
  const { operation, parameters, json } = judgement;
  const problems = [...judgement.problems, ...judgeContent(operation ?? "", json)];
  violations.push(...problems.map((problem) => `${request.method} ${request.target}: ${problem}`));
  if (operation === undefined) return renderRefusal(404, "Not Found");
  if (problems.length > 0) return renderRefusal(422, "Validation Failed", { errors: problems });
  const own = apps.answer({ request, operation, parameters, json, bearer });
  if (operation === "apps/revoke-installation-access-token") tokens.revoke(request.token ?? "");
  if (own !== undefined) return own;
  if (bearer !== undefined && operation.startsWith("checks/")) return answerCheck(rules, request, judgement, bearer);
  return forward(rules, request, bearer);
}

async function answerCheck(
  rules: Rules,
  request: RulesRequest,
  { operation, parameters, json }: Judgement,
  bearer: Bearer,
): Promise<RulesAnswer> {
  const { checks, violations } = rules;
  const id = parameters["check_run_id"] === undefined ? {} : { id: Number(parameters["check_run_id"]) };
  if (operation === "checks/list-annotations") return checks.listAnnotations(id.id ?? 0, request.query);
  if (operation !== "checks/create" && operation !== "checks/update") {
    const answer = await forward(rules, request, bearer);
    return /^checks\/(?:get|list-for-ref|list-for-suite)$/.test(operation ?? "")
      ? checks.complete(answer, request.query)
      : answer;
  }
  const write = { json, bearer, ...id };
  const admitted = checks.admit(write);
  if ("refusal" in admitted) {
    violations.push(`${request.method} ${request.target}: ${admitted.refusal.body}`);
    return admitted.refusal;
  }
  const sha = operation === "checks/create" ? String(admitted.json["head_sha"]) : undefined;
  if (sha !== undefined && !(await hasCommit(rules, `/repos/${parameters["owner"]}/${parameters["repo"]}`, sha))) {
    return renderRefusal(422, `No commit found for SHA: ${sha}`);
  }
  const changed = { ...request, body: Buffer.from(JSON.stringify(admitted.json)) };
  return checks.note(write, await forward(rules, changed, bearer));
}

/** Looks a commit up in the emulator, which takes checks for any; one that was there stays. */
async function hasCommit({ github, commits }: Rules, repository: string, sha: string): Promise<boolean> {
  const place = `${repository}/git/commits/${sha}`;
  if (commits.has(place)) return true;
  const answer = await fetch(`${github.url}${place}`, { headers: { authorization: `Bearer ${github.token}` } });
  await answer.body?.cancel();
  if (answer.ok) commits.add(place);
  return answer.ok;
}

async function forward({ github }: Rules, request: RulesRequest, bearer: Bearer | undefined): Promise<RulesAnswer> {
  if (bearer?.kind !== "installation" || bearer.forwardAs === undefined) return forwardRequest(github.url, request);
  const headers = { ...request.headers, authorization: `Bearer ${bearer.forwardAs}` };
  return forwardRequest(github.url, { ...request, headers });
}
