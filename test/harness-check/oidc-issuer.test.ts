import { createRemoteJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import * as z from "zod";
import { startOidcIssuer } from "../harness/oidc-issuer.ts";

const RUN = {
  repository: "lab/study",
  repositoryId: 7,
  ownerId: 3,
  pullRequest: 5,
  sha: "a".repeat(40),
  actor: "octocat",
  actorId: 9,
  runId: "77",
};

const tokenSchema = z.looseObject({ value: z.string() });

async function verify(token: string, issuer: string) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`));
  return jwtVerify(token, keys, { issuer, audience: "https://coordinator" });
}

test("gives a token with GitHub's claims for the asked audience", async () => {
  await using issuer = await startOidcIssuer(RUN);
  const url = `${issuer.requestUrl}&audience=${encodeURIComponent("https://coordinator")}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${issuer.requestToken}` } });
  const { payload } = await verify(tokenSchema.parse(await response.json()).value, issuer.url);
  expect(payload).toMatchObject({
    repository: "lab/study",
    repository_id: "7",
    repository_owner: "lab",
    repository_owner_id: "3",
    ref: "refs/pull/5/merge",
    run_id: "77",
    run_attempt: "1",
    event_name: "pull_request",
    runner_environment: "self-hosted",
    sub: "repo:lab/study:pull_request",
  });
});

test("refuses a wrong request token", async () => {
  await using issuer = await startOidcIssuer(RUN);
  const response = await fetch(issuer.requestUrl, { headers: { authorization: "Bearer other" } });
  expect(response.status).toBe(401);
});

test("describes the run that it was told of last", async () => {
  await using issuer = await startOidcIssuer(RUN);
  issuer.describeRun({ ...RUN, sha: "b".repeat(40) });
  const { payload } = await verify(await issuer.sign({ aud: "https://coordinator" }), issuer.url);
  expect(payload["sha"]).toBe("b".repeat(40));
});

test("signs what a verifier must refuse: another audience, an expired token, another issuer, a strange key", async () => {
  await using issuer = await startOidcIssuer(RUN);
  const aud = "https://coordinator";
  await expect(verify(await issuer.sign({ aud: "https://other" }), issuer.url)).rejects.toThrow('unexpected "aud"');
  await expect(verify(await issuer.sign({ aud, exp: 1 }), issuer.url)).rejects.toThrow(
    '"exp" claim timestamp check failed',
  );
  await expect(verify(await issuer.sign({ aud, iss: "https://x" }), issuer.url)).rejects.toThrow('unexpected "iss"');
  await expect(verify(await issuer.forge({ aud }), issuer.url)).rejects.toThrow("signature verification failed");
  const discovery = await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json();
  expect(discovery).toMatchObject({ issuer: issuer.url, jwks_uri: `${issuer.url}/.well-known/jwks` });
});
