// Sets up the GitHub App by its manifest. Whoever could do this in the owner's place would have an App that speaks for the
// coordinator: so it takes the set-up token, begins and ends in one browser, and is closed as soon as there is an App.
import { RepxError } from "@repx/core/model";
import { Hono, type Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import * as z from "zod";
import { renderRefusal } from "../answer.ts";
import { readSetupConfig, type SetupConfig } from "../config.ts";
import { convertManifest } from "../github/app-manifest.ts";
import { renderNotice } from "../notice-page.ts";
import { readBody } from "../read-body.ts";
import { dropCookie, isSafe, readSealedCookie, writeSealedCookie, type CookieConfig } from "../session/session.ts";
import { isSameText, makeNonce } from "../token.ts";
import { renderManifest, renderManifestUrl } from "./manifest.ts";
import { renderHandOver, renderSecrets, renderStart } from "./setup-page.ts";

type SetupContext = Context<{ Bindings: Cloudflare.Env }>;

/** `GET /setup`, `POST /setup`, `GET /setup/callback`. */
export const setup = new Hono<{ Bindings: Cloudflare.Env }>();

/** GitHub's code is good for an hour. */
const PENDING_MS = 3_600_000;
const Pending = z.object({ state: z.string() });
const Form = z.object({
  token: z.string().max(500),
  organization: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9_-]{0,100}$/, "not an organisation's name")
    .default(""),
});

setup.use("/setup/*", async (context, next) => {
  // A browser follows a form's way to the end: the manifest is posted to GitHub.
  const github = readSetupConfig(context.env)?.GITHUB_SERVER_URL;
  const formAction = ["'self'", ...(github === undefined ? [] : [new URL(github).origin])];
  const contentSecurityPolicy = { defaultSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'none'"], formAction };
  // Not `no-referrer`: by that a browser hides the origin of our own forms, too.
  return secureHeaders({ contentSecurityPolicy, referrerPolicy: "strict-origin" })(context, next);
});

setup.get("/setup", async (context) => {
  requireOpen(context);
  return context.html(renderStart());
});

const MAX_FORM_BYTES = 10_000;

setup.post("/setup", async (context) => {
  const config = requireOpen(context);
  if (context.req.header("origin") !== config.COORDINATOR_ORIGIN) throw refuse("the form is not of this site");
  const fields = new URLSearchParams(await readBody(context.req.raw, MAX_FORM_BYTES));
  const form = Form.safeParse(Object.fromEntries(fields));
  if (!form.success || !isSameText(form.data.token, config.SETUP_TOKEN)) throw refuse("the token or the name is wrong");
  const state = makeNonce();
  await writeSealedCookie(context, readCookies(config), "setup", { state }, Date.now() + PENDING_MS);
  return context.html(renderHandOver(renderManifestUrl(config, form.data.organization, state), renderManifest(config)));
});

setup.get("/setup/callback", async (context) => {
  const config = requireOpen(context);
  const pending = await readSealedCookie(context, readCookies(config), "setup", Pending);
  dropCookie(context, readCookies(config), "setup");
  const { code = "", state = "" } = context.req.query();
  if (pending === undefined || !isSameText(pending.state, state)) throw refuse("it was not begun in this browser");
  return context.html(renderSecrets(await convertManifest(config, code), makeNonce()));
});

setup.onError((thrown, context) => {
  const { status, body } = renderRefusal(thrown, crypto.randomUUID());
  const { message, hint } = body.error;
  return context.html(renderNotice("Not set up", [message, hint], { href: "/setup", label: "Begin again" }), status);
});

/** Answers as if nothing were here once there is an App, or where nobody was given a token. */
function requireOpen(context: SetupContext): SetupConfig {
  const config = readSetupConfig(context.env);
  if (config !== undefined && isSafe(config.COORDINATOR_ORIGIN)) return config;
  throw new RepxError("COORD_NOT_FOUND", "there is nothing to set up here", {
    hint: "Setting up needs SETUP_TOKEN and an https COORDINATOR_ORIGIN, and is over once GITHUB_APP_ID is set.",
  });
}

/** The token also seals the cookie: only who knows it, or was let in by it, can have one. */
function readCookies(config: SetupConfig): CookieConfig {
  return { secret: config.SETUP_TOKEN, isSecure: config.COORDINATOR_ORIGIN.startsWith("https:") };
}

function refuse(reason: string): RepxError {
  return new RepxError("AUTH_SETUP_REFUSED", `setting up is refused: ${reason}`, {
    hint: "Begin again at /setup, in one browser, with the token that the coordinator was deployed with.",
  });
}
