// Who is signed in. The cookie holds the person's GitHub token, sealed; nothing is stored at the coordinator.
import { RepxError } from "@repx/core/model";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import type { Config } from "../config.ts";
import { seal, unseal, type Purpose } from "./seal.ts";

/** What cookies are sealed with, and whether they travel over TLS alone. */
export interface CookieConfig {
  readonly secret: string;
  readonly isSecure: boolean;
}

/** What signing in needs. */
export interface SessionConfig extends CookieConfig {
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A person, with the token by which GitHub is asked what they may read. */
export const Session = z.object({
  login: z.string().min(1).max(100),
  token: z.string().min(1).max(500),
});
export type Session = z.infer<typeof Session>;

/** A sign-in that has begun and is to come back from GitHub. */
export const Pending = z.object({ state: z.string(), verifier: z.string(), returnPath: z.string() });
export type Pending = z.infer<typeof Pending>;

/** After this long a person signs in again; GitHub's token for an App's user ends then too. */
export const SESSION_MS = 8 * 3_600_000;
export const PENDING_MS = 10 * 60_000;

/** Reads what signing in needs; undefined when the coordinator has no such settings. */
export function readSessionConfig(config: Config): SessionConfig | undefined {
  const { GITHUB_APP_CLIENT_ID: clientId, GITHUB_APP_CLIENT_SECRET: clientSecret, SESSION_SECRET: secret } = config;
  if (clientId === undefined || clientSecret === undefined || secret === undefined) return undefined;
  const origin = config.COORDINATOR_ORIGIN;
  if (!isSafe(origin)) return undefined;
  return { origin, clientId, clientSecret, secret, isSecure: origin.startsWith("https:") };
}

/** Without TLS whoever is on the way reads what is sent; to the machine itself there is no way. */
export function isSafe(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

/** The same where it must be there (COORD_NOT_CONFIGURED). */
export function requireSessionConfig(config: Config): SessionConfig {
  const found = readSessionConfig(config);
  if (found !== undefined) return found;
  throw new RepxError("COORD_NOT_CONFIGURED", "nobody can sign in here: this coordinator is not configured for it", {
    hint: "Set GITHUB_APP_CLIENT_ID, GITHUB_APP_CLIENT_SECRET and SESSION_SECRET; COORDINATOR_ORIGIN must be https.",
  });
}

/** Gives the browser a sealed value to keep; no script sees it and no other site makes the browser send it. */
export async function writeSealedCookie(
  context: Context,
  config: CookieConfig,
  purpose: Purpose,
  value: object,
  expiresAt: number,
): Promise<void> {
  const text = await seal(config.secret, purpose, value, expiresAt);
  setCookie(context, `repx-${purpose}`, text, { ...cookieOptions(config), expires: new Date(expiresAt) });
}

/** Reads a sealed value that the browser kept. */
export async function readSealedCookie<T>(
  context: Context,
  config: CookieConfig,
  purpose: Purpose,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const text = config.isSecure ? getCookie(context, `repx-${purpose}`, "host") : getCookie(context, `repx-${purpose}`);
  return text === undefined ? undefined : unseal(config.secret, purpose, schema, text, Date.now());
}

/** Takes a value back from the browser. */
export function dropCookie(context: Context, config: CookieConfig, purpose: Purpose): void {
  deleteCookie(context, `repx-${purpose}`, cookieOptions(config));
}

function cookieOptions({ isSecure }: CookieConfig) {
  const lax = { httpOnly: true, sameSite: "Lax", path: "/" } as const;
  // `__Host-`: only this very host over TLS can have set it.
  return isSecure ? ({ ...lax, secure: true, prefix: "host" } as const) : lax;
}
