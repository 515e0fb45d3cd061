import { createPrivateKey } from "node:crypto";
import { RepxError } from "@repx/core/model";
import * as z from "zod";

const Origin = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

/** The coordinator's settings: one GitHub (github.com, a GitHub Enterprise Server or a stand-in) and one App on it. */
export const Config = z.object({
  /** Where the coordinator is reached; the audience that an ID token must name. */
  COORDINATOR_ORIGIN: Origin,
  GITHUB_API_URL: Origin,
  GITHUB_SERVER_URL: Origin,
  /** The issuer of the ID tokens, spelled as in their `iss` claim. */
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }),
  GITHUB_APP_ID: z.string().regex(/^[0-9]{1,15}$/, "not an App's number"),
  GITHUB_APP_PRIVATE_KEY: z.string().transform((pem, context) => {
    try {
      return convertToPkcs8(pem);
    } catch {
      // The reason would quote key material or OpenSSL's inner words; the reader needs the variable's name.
      context.addIssue({ code: "custom", message: "not a private key in PEM form" });
      return z.NEVER;
    }
  }),
  /** What GitHub signs its webhooks with; without it none is taken. */
  GITHUB_WEBHOOK_SECRET: z.string().min(16, "shorter than 16 characters").max(500).optional(),
  /** Requests with events of one submission; a relay sends a few a minute. */
  EVENT_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(6_000),
  /** With these three, people sign in to the board. */
  GITHUB_APP_CLIENT_ID: z.string().min(1).max(100).optional(),
  GITHUB_APP_CLIENT_SECRET: z.string().min(1).max(500).optional(),
  SESSION_SECRET: z.string().min(32, "shorter than 32 characters").max(500).optional(),
  /** Lets everybody read the board of public repositories. */
  PUBLIC_BOARD: z.enum(["yes", "no"]).optional(),
});
export type Config = z.infer<typeof Config>;

/** What setting up an App needs, before there is one; it is over when there is. */
const SetupConfig = Config.pick({ COORDINATOR_ORIGIN: true, GITHUB_API_URL: true, GITHUB_SERVER_URL: true }).extend({
  /** Lets its holder set up the App; to be taken away afterwards. */
  SETUP_TOKEN: z.string().min(32, "shorter than 32 characters").max(500),
  GITHUB_APP_ID: z.undefined().optional(),
});
export type SetupConfig = z.infer<typeof SetupConfig>;

/** Reads the settings for setting up; undefined when that is not possible, or over. */
export function readSetupConfig(env: Cloudflare.Env): SetupConfig | undefined {
  return SetupConfig.safeParse(env).data;
}

/** Reads the settings from the environment; CONFIG_INVALID names every variable that is missing or wrong. */
export function readConfig(env: Cloudflare.Env): Config {
  const parsed = Config.safeParse(env);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new RepxError("CONFIG_INVALID", `the coordinator is not configured: ${problems.join("; ")}`, {
    hint: "Set the variables in wrangler.jsonc or at the deployment, and the key by `wrangler secret put GITHUB_APP_PRIVATE_KEY`.",
    details: problems,
  });
}

/** GitHub hands out PKCS#1; WebCrypto, which signs the App's tokens here, reads PKCS#8 alone. */
function convertToPkcs8(pem: string): string {
  return createPrivateKey(pem).export({ type: "pkcs8", format: "pem" }).toString();
}
