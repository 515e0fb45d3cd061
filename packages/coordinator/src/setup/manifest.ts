import type { SetupConfig } from "../config.ts";

/** GitHub's limit for an App's name. */
const MAX_NAME = 34;

/** What the App is to be (docs.github.com, "Registering a GitHub App from a manifest"): it may do what is used, and no more. */
export function renderManifest({ COORDINATOR_ORIGIN: origin }: SetupConfig): string {
  return JSON.stringify({
    name: `repx ${new URL(origin).hostname}`.slice(0, MAX_NAME).trim(),
    url: origin,
    hook_attributes: { url: `${origin}/webhook`, active: true },
    redirect_url: `${origin}/setup/callback`,
    callback_urls: [`${origin}/sign-in/callback`],
    public: false,
    default_permissions: {
      actions: "write",
      checks: "write",
      contents: "read",
      metadata: "read",
      pull_requests: "write",
    },
    default_events: ["check_run", "check_suite", "pull_request"],
  });
}

/** Where the manifest is posted to: the person's own Apps, or an organisation's. */
export function renderManifestUrl(config: SetupConfig, organization: string, state: string): string {
  const owner = organization === "" ? "" : `/organizations/${encodeURIComponent(organization)}`;
  return `${config.GITHUB_SERVER_URL}${owner}/settings/apps/new?state=${encodeURIComponent(state)}`;
}
