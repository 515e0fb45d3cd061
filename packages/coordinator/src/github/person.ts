// GitHub as a person sees it: signing in by the App's OAuth (docs.github.com, "Generating a user access token for a GitHub
// App"), and what the person may read.
import { Octokit } from "@octokit/core";
import { RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Config } from "../config.ts";
import { readAnswer } from "./answers.ts";
import { splitRepository } from "./app-client.ts";
import { readStatus } from "./failure.ts";
import { fetchInTime } from "./fetch-in-time.ts";

/** What GitHub's page needs to ask a person. */
export interface SignInRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  /** The S256 challenge of PKCE (RFC 7636). */
  readonly challenge: string;
}

/** Where a person says yes to signing in. */
export function renderSignInUrl(config: Config, request: SignInRequest): string {
  const url = new URL(`${config.GITHUB_SERVER_URL}/login/oauth/authorize`);
  url.searchParams.set("client_id", request.clientId);
  url.searchParams.set("redirect_uri", request.redirectUri);
  url.searchParams.set("state", request.state);
  url.searchParams.set("code_challenge", request.challenge);
  url.searchParams.set("code_challenge_method", "S256");
  return url.href;
}

const Token = z.object({ access_token: z.string().min(1).max(500), expires_in: z.int().positive().optional() });
const Person = z.object({ login: z.string().min(1).max(100) });

/** What GitHub's code is exchanged with. */
export interface CodeExchange {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly code: string;
  readonly verifier: string;
}

/** Exchanges the code that GitHub's page gave for the person's token; AUTH_SIGN_IN_FAILED when GitHub does not take it. */
export async function exchangeCode(
  config: Config,
  exchange: CodeExchange,
): Promise<{ readonly token: string; readonly expiresInMs: number | undefined }> {
  const body = new URLSearchParams({
    client_id: exchange.clientId,
    client_secret: exchange.clientSecret,
    redirect_uri: exchange.redirectUri,
    code: exchange.code,
    code_verifier: exchange.verifier,
  });
  const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
  const url = `${config.GITHUB_SERVER_URL}/login/oauth/access_token`;
  const response = await fetchInTime(url, { method: "POST", headers, body: body.toString(), redirect: "manual" });
  const parsed = Token.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !parsed.success) {
    throw new RepxError("AUTH_SIGN_IN_FAILED", "GitHub did not take the sign-in", {
      hint: "Sign in again; if it stays so, the owner looks at GITHUB_APP_CLIENT_ID and GITHUB_APP_CLIENT_SECRET.",
    });
  }
  const { access_token: token, expires_in: seconds } = parsed.data;
  return { token, expiresInMs: seconds === undefined ? undefined : seconds * 1000 };
}

/** Reads whose token it is. */
export async function readPerson(config: Config, token: string): Promise<{ readonly login: string }> {
  const { data } = await openPersonClient(config, token).request("GET /user");
  return readAnswer(Person, data, "a person");
}

/** Tells whether the person may read a repository; GitHub answers 404 for what they may not see. */
export async function mayRead(config: Config, token: string, repository: string): Promise<boolean> {
  try {
    const { data } = await openPersonClient(config, token).request("GET /repos/{owner}/{repo}", {
      ...splitRepository(repository),
    });
    return readAnswer(FullName, data, "a repository").full_name.toLowerCase() === repository.toLowerCase();
  } catch (thrown) {
    const status = readStatus(thrown);
    if (status === 401 || status === 403 || status === 404 || status === 451) return false;
    throw thrown;
  }
}

// A repository that was renamed is answered under its new name, which may mean another one to us.
const FullName = z.object({ full_name: z.string() });

function openPersonClient(config: Config, token: string): Octokit {
  return new Octokit({
    baseUrl: config.GITHUB_API_URL,
    auth: token,
    userAgent: "repx-coordinator",
    request: { fetch: fetchInTime },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
}

/** Octokit's warnings repeat what its errors say. */
function ignore(): void {}
