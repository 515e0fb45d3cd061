import { generateKeyPairSync } from "node:crypto";
import { importPKCS8, SignJWT } from "jose";

/** The people's token: what a test does as a person. The emulator takes it for `octocat`. */
const PERSON = "octocat";
export const PERSON_TOKEN = "ghp_harness";

export interface GitHubEmulatorOptions {
  readonly owner?: string;
  readonly repository?: string;
  /** Where the App's webhooks go. */
  readonly webhook?: { readonly url: string; readonly secret: string };
}

export interface GitHubApp {
  readonly id: number;
  readonly slug: string;
  readonly installationId: number;
  /** PKCS#1, as GitHub hands it out. */
  readonly privateKey: string;
  readonly privateKeyPkcs8: string;
}

/** Makes a GitHub App with a key of its own. */
export function createApp(): GitHubApp {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    id: 12_345,
    slug: "repx-app",
    installationId: 100,
    privateKey: privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
    privateKeyPkcs8: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Signs the JWT that an App gets its installation tokens for. */
export async function signAppToken(app: GitHubApp): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const jwt = new SignJWT({ iss: String(app.id), iat: now - 30, exp: now + 300 }).setProtectedHeader({ alg: "RS256" });
  return jwt.sign(await importPKCS8(app.privateKeyPkcs8, "RS256"));
}

/** What the emulator knows at its start: a person, an organisation with one repository, and the App installed on it. */
export function renderSeed(owner: string, repository: string, app: GitHubApp, options: GitHubEmulatorOptions) {
  const { webhook } = options;
  return {
    tokens: { [PERSON_TOKEN]: { login: PERSON, scopes: ["repo"] } },
    github: {
      users: [{ login: PERSON, name: "Octocat", email: "octocat@example.org" }],
      orgs: [{ login: owner, name: owner, members: [{ login: PERSON, role: "admin" as const }] }],
      repos: [{ owner, name: repository, auto_init: true, private: true }],
      apps: [
        {
          app_id: app.id,
          slug: app.slug,
          name: "RepX",
          private_key: app.privateKey,
          permissions: {
            actions: "write",
            checks: "write",
            issues: "write",
            pull_requests: "write",
            contents: "read",
            metadata: "read",
          },
          events: ["pull_request", "check_run", "check_suite"],
          ...(webhook && { webhook_url: webhook.url, webhook_secret: webhook.secret }),
          installations: [
            { installation_id: app.installationId, account: owner, repository_selection: "all" as const },
          ],
        },
      ],
    },
  };
}
