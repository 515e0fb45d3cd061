import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { createFakeGithub } from "./src/github/fake-github.fixture.ts";

process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_SEND_METRICS = "false";

function createKey(type: "pkcs1" | "pkcs8"): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type, format: "pem" }).toString();
}

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
          TEST_ID_TOKEN_KEY: idTokenKey,
        },
      },
    }),
  ],
  test: { name: "coordinator", include: ["src/**/*.test.ts"], testTimeout: 20_000, silent: "passed-only" },
});
