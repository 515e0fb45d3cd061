// Who registers: the ID token that GitHub gives to a workflow's job (docs.github.com, "OpenID Connect reference").
import { CommitSha, RepxError } from "@repx/core/model";
import { errors, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import * as z from "zod";
import { fetchInTime } from "./github/fetch-in-time.ts";
import { renderIssues } from "./issues.ts";
import { openKeys } from "./oidc-keys.ts";

const Digits = z.string().regex(/^[0-9]{1,20}$/, "not a number");

/**
 * The claims that a submission is bound to: numbers where there are any, as names change hands. `sub` is not among them:
 * its form changed in 2026 (`repo:OWNER@ID/REPO@ID:...`) and may again.
 */
export const Claims = z.object({
  repository: z.string().regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/),
  repository_id: Digits,
  repository_owner_id: Digits,
  actor_id: Digits,
  run_id: Digits,
  run_attempt: Digits,
  ref: z.string().min(1).max(1000),
  sha: CommitSha,
  event_name: z.string().min(1).max(100),
  actor: z.string().min(1).max(200),
  jti: z.string().min(1).max(500),
});
export type Claims = z.infer<typeof Claims>;

/** Signing keys by issuer, kept for the life of the isolate. */
const keysOf = new Map<string, JWTVerifyGetKey>();

/** Verifies an ID token: signature, issuer, audience, life and claims. */
export async function verifyIdToken(
  token: string | undefined,
  expected: { readonly issuer: string; readonly audience: string },
): Promise<Claims> {
  if (token === undefined) throw refuse("there is no ID token (Authorization: Bearer ...)");
  try {
    const { payload } = await jwtVerify(token, readKeys(expected.issuer), {
      algorithms: ["RS256"],
      issuer: expected.issuer,
      audience: expected.audience,
      requiredClaims: ["exp", "jti"],
      clockTolerance: 10,
    });
    const claims = Claims.safeParse(payload);
    if (!claims.success) throw refuse(`its claims are not those of a job: ${renderIssues(claims.error)}`);
    return claims.data;
  } catch (thrown) {
    throw explain(thrown, expected);
  }
}

function readKeys(issuer: string): JWTVerifyGetKey {
  const known = keysOf.get(issuer);
  if (known !== undefined) return known;
  const url = `${issuer.replace(/\/+$/, "")}/.well-known/jwks`;
  const keys = openKeys({ now: Date.now, fetchKeys: async () => fetchKeys(url) });
  keysOf.set(issuer, keys);
  return keys;
}

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetchInTime(url, { redirect: "manual" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return KeySet.parse(await response.json());
}

function explain(thrown: unknown, expected: { readonly issuer: string; readonly audience: string }): unknown {
  if (thrown instanceof RepxError) return thrown;
  if (thrown instanceof errors.JWTExpired) return refuse("it has expired", thrown);
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.claim === "aud") return refuseAudience(thrown, expected.audience);
    if (thrown.claim === "iss") return refuse(`its issuer is not ${expected.issuer}`, thrown);
    return refuse(`its claim ${thrown.claim} is missing or wrong`, thrown);
  }
  if (isAboutToken(thrown)) return refuse("its signature cannot be verified", thrown);
  return new RepxError("GITHUB_UNREACHABLE", `the signing keys of ${expected.issuer} cannot be fetched`, {
    hint: "Try again in a minute.",
    cause: thrown,
  });
}

/** What jose throws about the token itself; all else that it throws is about fetching the keys. */
function isAboutToken(thrown: unknown): boolean {
  return [
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JWTInvalid,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ].some((kind) => thrown instanceof kind);
}

function refuse(reason: string, cause?: unknown): RepxError {
  return new RepxError("AUTH_OIDC_INVALID", `the ID token is refused: ${reason}`, {
    hint: "The job needs `permissions: id-token: write`, and registers with a fresh token each time.",
    cause,
  });
}

function refuseAudience(thrown: errors.JWTClaimValidationFailed, wanted: string): RepxError {
  const said = z.union([z.string(), z.array(z.string())]).safeParse(thrown.payload.aud);
  const got = said.success ? [said.data].flat().join(", ").slice(0, 200) : "none";
  return new RepxError("AUTH_AUDIENCE_WRONG", `the ID token is for ${got}, this coordinator is ${wanted}`, {
    hint: `Set the Action's input \`coordinator\` to ${wanted}.`,
    cause: thrown,
  });
}

/** Checks that a submission names the pull request that its token was given for, and that it is not a fork's in disguise. */
export function checkPullRequest(claims: Claims, pullRequest: number | undefined): void {
  if (claims.event_name === "pull_request_target") {
    // It runs with the rights of the repository, on whatever code it checks out: a fork's, as a rule.
    throw new RepxError("AUTH_OIDC_INVALID", "the ID token is refused: its workflow runs on pull_request_target", {
      hint: "Run on pull_request. A commit of a fork runs when somebody with write access presses `Approve and run` on its check.",
    });
  }
  if (claims.event_name !== "pull_request") return;
  const number = /^refs\/pull\/([0-9]+)\/merge$/.exec(claims.ref)?.[1];
  if (number === undefined || Number(number) !== pullRequest) {
    throw refuse(`it is for ${claims.ref}, the submission is for pull request ${pullRequest ?? "none"}`);
  }
}

/** Says that a token was shown before; each is good for one submission. */
export function refuseReplay(): RepxError {
  return refuse("it was used before");
}
