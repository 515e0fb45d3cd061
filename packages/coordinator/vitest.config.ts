import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import * as z from "zod";
import { createFakeGithub } from "./src/github/fake-github.fixture.ts";

process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_SEND_METRICS = "false";

function createKey(type: "pkcs1" | "pkcs8"): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type, format: "pem" }).toString();
}

/** Webhooks as GitHub sent them once, by event. */
const Recorded = z.array(z.object({ name: z.string(), examples: z.array(z.json()) }));
const READ_EVENTS: ReadonlySet<string> = new Set(["check_run", "check_suite", "pull_request", "installation", "ping"]);
const recorded = Recorded.parse(createRequire(import.meta.url)("@octokit/webhooks-examples"));

const idTokenKey = createKey("pkcs8");
const github = createFakeGithub(idTokenKey);

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: join(import.meta.dirname, "wrangler.jsonc") },
      miniflare: {
        outboundService: async (request: Request) => github.fetch(request),
        bindings: {
          COORDINATOR_ORIGIN: "https://coordinator.test",
          GITHUB_API_URL: "https://api.github.test",
          GITHUB_SERVER_URL: "https://github.test",
          OIDC_ISSUER: "https://issuer.test",
          GITHUB_APP_ID: "12345",
          GITHUB_APP_PRIVATE_KEY: createKey("pkcs1"),
          GITHUB_WEBHOOK_SECRET: "webhook-secret-of-the-tests",
          GITHUB_APP_CLIENT_ID: "Iv1.tests",
          GITHUB_APP_CLIENT_SECRET: "client-secret-of-the-tests",
          SESSION_SECRET: "session-secret-of-the-tests-0123456789",
          EVENT_REQUESTS_PER_MINUTE: "400",
          TEST_ID_TOKEN_KEY: idTokenKey,
          TEST_WEBHOOKS: recorded.filter(({ name }) => READ_EVENTS.has(name)),
        },
      },
    }),
  ],
  test: {
    name: "coordinator",
    include: ["src/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A busy machine answers late; what never comes fails all the same.
    expect: { poll: { timeout: 10_000 } },
    silent: "passed-only",
  },
});
