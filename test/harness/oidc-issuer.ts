import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

/** What the tokens say of the workflow run, as GitHub's do (docs.github.com, "OpenID Connect reference"). */
export interface WorkflowRun {
  readonly repository: string;
  readonly repositoryId: number;
  readonly ownerId: number;
  readonly pullRequest: number;
  readonly sha: string;
  readonly actor: string;
  readonly actorId: number;
  readonly runId: string;
  readonly runAttempt?: number;
  readonly headRef?: string;
  readonly baseRef?: string;
  /** What started it; a pull request when absent. */
  readonly eventName?: string;
}

export interface OidcIssuer extends AsyncDisposable {
  /** `iss` of the tokens; /.well-known/openid-configuration and /.well-known/jwks lie below. */
  readonly url: string;
  readonly requestUrl: string;
  readonly requestToken: string;
  /** What the runner gives a job with `id-token: write`. */
  readonly environment: Readonly<Record<string, string>>;
  /** From now on tokens speak of this workflow run. */
  describeRun(run: WorkflowRun): void;
  /** Signs a token as GitHub would, with claims of one's own: a wrong `aud`, an `exp` in the past, another `iss`. */
  sign(claims?: JWTPayload): Promise<string>;
  /** Signs the same with a key that is not in the JWKS, under the id of one that is. */
  forge(claims?: JWTPayload): Promise<string>;
  readLogs(): Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Starts an issuer of workflow tokens on loopback, with discovery, JWKS and the runner's token endpoint. */
export async function startOidcIssuer(first: WorkflowRun): Promise<OidcIssuer> {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const strange = await generateKeyPair("RS256");
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(keys.publicKey)), kid, use: "sig", alg: "RS256" };
  const requestToken = randomBytes(24).toString("base64url");
  const log: string[] = [];
  let run = first;
  let url = "";
  const signWith = async (key: CryptoKey, claims: JWTPayload) =>
    new SignJWT({ ...renderClaims(url, run), ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
      .sign(key);
  const sign = async (claims: JWTPayload = {}) => signWith(keys.privateKey, claims);

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    if (pathname === "/.well-known/openid-configuration") return { status: 200, body: renderDiscovery(url) };
    if (pathname === "/.well-known/jwks") return { status: 200, body: { keys: [jwk] } };
    if (pathname !== "/token") return { status: 404, body: { message: `no ${pathname}` } };
    if (request.headers.authorization !== `Bearer ${requestToken}`) {
      return { status: 401, body: { message: "the request token is wrong" } };
    }
    const aud = searchParams.get("audience") ?? `https://github.com/${run.repository.split("/")[0]}`;
    return { status: 200, body: { count: 1, value: await sign({ aud }) } };
  };
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = await answer(request).catch((error: unknown) => ({
      status: 500,
      body: { message: String(error) },
    }));
    log.push(`${request.method} ${request.url} ${status}`);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer has no port");
  url = `http://127.0.0.1:${address.port}`;
  const requestUrl = `${url}/token?api-version=2.0`;
  return {
    url,
    requestUrl,
    requestToken,
    sign,
    environment: { ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken },
    describeRun: (next) => {
      run = next;
    },
    forge: async (claims = {}) => signWith(strange.privateKey, claims),
    readLogs: async () => log.join("\n"),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function renderDiscovery(url: string): Record<string, unknown> {
  return {
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks`,
    subject_types_supported: ["public", "pairwise"],
    response_types_supported: ["id_token"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  };
}

function renderClaims(url: string, run: WorkflowRun): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const ref = `refs/pull/${run.pullRequest}/merge`;
  const workflow = `${run.repository}/.github/workflows/experiment.yml@${ref}`;
  return {
    iss: url,
    sub: `repo:${run.repository}:pull_request`,
    jti: randomUUID(),
    iat: now,
    nbf: now - 5,
    exp: now + 300,
    ref,
    ref_type: "branch",
    ref_protected: "false",
    sha: run.sha,
    repository: run.repository,
    repository_id: String(run.repositoryId),
    repository_owner: run.repository.split("/")[0],
    repository_owner_id: String(run.ownerId),
    repository_visibility: "private",
    run_id: run.runId,
    run_number: "1",
    run_attempt: String(run.runAttempt ?? 1),
    actor: run.actor,
    actor_id: String(run.actorId),
    event_name: run.eventName ?? "pull_request",
    head_ref: run.headRef ?? "study",
    base_ref: run.baseRef ?? "main",
    workflow: "experiment",
    workflow_ref: workflow,
    workflow_sha: run.sha,
    job_workflow_ref: workflow,
    job_workflow_sha: run.sha,
    runner_environment: "self-hosted",
  };
}
