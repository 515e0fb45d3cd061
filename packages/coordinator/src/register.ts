import { SubmissionPolicy, type SubmissionReceipt } from "@repx/core/model";
import { readConfig, type Config } from "./config.ts";
import { findInstallation } from "./github/installation.ts";
import { checkPullRequest, refuseReplay, verifyIdToken, type Claims } from "./oidc.ts";
import { readBody } from "./read-body.ts";
import { parseSubmissionBody } from "./submission-body.ts";
import { deriveSubmissionId, hashText, readBearer, renderToken } from "./token.ts";

const MAX_BODY_BYTES = 20_000_000;
const LIFE_MS = 30 * 24 * 3_600_000;

/** Registers a submission for the repository that the ID token speaks for, and hands out the token for its events. */
export async function registerSubmission(
  request: Request,
  env: Cloudflare.Env,
  entropy: { readonly now: number; readonly tokenBytes: Uint8Array },
): Promise<SubmissionReceipt> {
  const config = readConfig(env);
  const expected = { issuer: config.OIDC_ISSUER, audience: config.COORDINATOR_ORIGIN };
  const claims = await verifyIdToken(readBearer(request), expected);
  // Anyone on GitHub can get an ID token for us; whose repository has the App installed may send 20 MB to be read.
  const installation = await findInstallation(config, claims.repository);
  const body = parseSubmissionBody(await readBody(request, MAX_BODY_BYTES));
  checkPullRequest(claims, body.pullRequest);
  const id = deriveSubmissionId(config.OIDC_ISSUER, claims.jti);
  const token = renderToken(entropy.tokenBytes);
  const expiresAt = entropy.now + LIFE_MS;
  const isNew = await env.SUBMISSIONS.getByName(id).register(
    {
      id,
      repository: claims.repository,
      repository_id: claims.repository_id,
      lab: body.lab,
      target: body.target,
      head_sha: body.headSha,
      pull_request: body.pullRequest ?? null,
      details_url: renderRunUrl(config, claims),
      installation_id: installation.id,
      app_slug: installation.appSlug,
      token_hash: hashText(token),
      policy: JSON.stringify(SubmissionPolicy.parse(body.policy ?? {})),
      lab_reference: body.labReference ?? null,
      created_at: entropy.now,
      expires_at: expiresAt,
    },
    body,
  );
  if (!isNew) throw refuseReplay();
  const place = body.pullRequest === undefined ? `commit/${body.headSha}` : `pull/${body.pullRequest}`;
  const url = `${config.GITHUB_SERVER_URL}/${claims.repository}/${place}/checks`;
  return { id, token, url, expiresAt: new Date(expiresAt).toISOString() };
}

function renderRunUrl(config: Config, claims: Claims): string {
  const run = `actions/runs/${claims.run_id}/attempts/${claims.run_attempt}`;
  return `${config.GITHUB_SERVER_URL}/${claims.repository}/${run}`;
}
