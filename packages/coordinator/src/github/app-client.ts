import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import { request } from "@octokit/request";
import type { Config } from "../config.ts";
import { fetchInTime } from "./fetch-in-time.ts";

const Kit = Octokit.plugin(restEndpointMethods);

/** GitHub as our App sees it; authentication, base URL and deadlines are taken care of. */
export type AppClient = InstanceType<typeof Kit>;

/** Where a repository's calls go. */
export type Repository = {
  readonly owner: string;
  readonly repo: string;
};

/** Opens GitHub's API for the App: for one installation, or for the App itself when none is named. */
export function openAppClient(config: Config, installationId?: number): AppClient {
  const baseUrl = config.GITHUB_API_URL;
  const options = { fetch: fetchInTime };
  return new Kit({
    baseUrl,
    userAgent: "repx-coordinator",
    request: options,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    authStrategy: createAppAuth,
    auth: {
      appId: config.GITHUB_APP_ID,
      privateKey: config.GITHUB_APP_PRIVATE_KEY,
      ...(installationId !== undefined && { installationId }),
      // auth-app asks for tokens by a request of its own, which would go to api.github.com.
      request: request.defaults({ baseUrl, request: options }),
      log: { warn: ignore },
    },
  });
}

/** Splits `owner/name`. */
export function splitRepository(fullName: string): Repository {
  const [owner = "", repo = ""] = fullName.split("/");
  return { owner, repo };
}

/** Octokit's warnings repeat what its errors say, and we log those ourselves. */
function ignore(): void {}
