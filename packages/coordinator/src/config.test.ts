import { env } from "cloudflare:workers";
import { RepxError } from "@repx/core/model";
import { expect, test } from "vitest";
import { renderRefusal } from "./answer.ts";
import { readConfig } from "./config.ts";

function problemsOf(changes: object): unknown {
  try {
    return readConfig({ ...env, ...changes });
  } catch (thrown) {
    return thrown instanceof RepxError && thrown.code === "CONFIG_INVALID" ? thrown.details : thrown;
  }
}

test("reads a PKCS#1 key as the PKCS#8 that WebCrypto takes", () => {
  expect(env.GITHUB_APP_PRIVATE_KEY).toContain("BEGIN RSA PRIVATE KEY");
  expect(readConfig(env).GITHUB_APP_PRIVATE_KEY).toContain("BEGIN PRIVATE KEY");
});

test("takes a trailing slash off an address", () => {
  const config = readConfig({ ...env, GITHUB_API_URL: "https://ghes.test/api/v3/" });
  expect(config.GITHUB_API_URL).toBe("https://ghes.test/api/v3");
});

test("names every variable that is wrong, and shows no key", () => {
  const key = "-----BEGIN PRIVATE KEY-----\nsecret";
  expect(problemsOf({ GITHUB_APP_ID: "my-app", OIDC_ISSUER: undefined, GITHUB_APP_PRIVATE_KEY: key })).toEqual([
    expect.stringMatching(/^OIDC_ISSUER: /),
    "GITHUB_APP_ID: not an App's number",
    "GITHUB_APP_PRIVATE_KEY: not a private key in PEM form",
  ]);
});

test("answers what is not for the caller with an id alone", () => {
  const error = new RepxError("CONFIG_INVALID", "inner words", { hint: "inner hint" });
  for (const thrown of [error, new TypeError("inner words"), "inner words"]) {
    const { status, body } = renderRefusal(thrown, "id-1");
    expect(status).toBe(500);
    expect(body.error.code).toBe("COORD_INTERNAL");
    expect(body.error.message).toContain("id-1");
    expect(JSON.stringify(body)).not.toContain("inner");
  }
});
