// Signing in with GitHub: the App's OAuth with state and PKCE. What has begun is kept, sealed, by the browser that began it,
// so nobody can finish a sign-in in another's browser.
import { createHash } from "node:crypto";
import { RepxError } from "@repx/core/model";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { renderRefusal } from "../answer.ts";
import { readConfig } from "../config.ts";
import { exchangeCode, readPerson, renderSignInUrl } from "../github/person.ts";
import { renderNotice } from "../notice-page.ts";
import { isSameText, makeNonce } from "../token.ts";
import { parseReturnPath } from "./return-path.ts";
import {
  dropCookie,
  Pending,
  PENDING_MS,
  readSealedCookie,
  requireSessionConfig,
  SESSION_MS,
  writeSealedCookie,
  type SessionConfig,
} from "./session.ts";

/** `GET /sign-in`, `GET /sign-in/callback`, `POST /sign-out`. */
export const signIn = new Hono<{ Bindings: Cloudflare.Env }>();

signIn.use(
  "/sign-in/*",
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
  }),
);

signIn.get("/sign-in", async (context) => {
  const config = readConfig(context.env);
  const settings = requireSessionConfig(config);
  const returnPath = parseReturnPath(context.req.query("return"), settings.origin);
  const [state, verifier] = [makeNonce(), makeNonce()];
  await writeSealedCookie(context, settings, "sign-in", { state, verifier, returnPath }, Date.now() + PENDING_MS);
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const { clientId } = settings;
  return context.redirect(
    renderSignInUrl(config, { clientId, redirectUri: renderCallbackUrl(settings), state, challenge }),
    303,
  );
});

signIn.get("/sign-in/callback", async (context) => {
  const config = readConfig(context.env);
  const settings = requireSessionConfig(config);
  const pending = await readSealedCookie(context, settings, "sign-in", Pending);
  dropCookie(context, settings, "sign-in");
  const { code, state } = context.req.query();
  if (pending === undefined || state === undefined || !isSameText(pending.state, state)) {
    throw refuse("it was not begun in this browser, or more than ten minutes ago");
  }
  // GitHub's `error` says why; it is a text from outside, and the person has just seen it there.
  if (code === undefined || code === "") throw refuse("GitHub was not told yes");
  const { clientId, clientSecret } = settings;
  const redirectUri = renderCallbackUrl(settings);
  const { verifier, returnPath } = pending;
  const { token, expiresInMs } = await exchangeCode(config, { clientId, clientSecret, redirectUri, code, verifier });
  const { login } = await readPerson(config, token);
  const expiresAt = Date.now() + Math.min(SESSION_MS, expiresInMs ?? SESSION_MS);
  await writeSealedCookie(context, settings, "session", { login, token }, expiresAt);
  return context.redirect(returnPath, 303);
});

signIn.post("/sign-out", (context) => {
  const settings = requireSessionConfig(readConfig(context.env));
  // A browser says which site a form is of; another one's must not sign anybody out.
  if (context.req.header("origin") !== settings.origin) throw refuse("the form is not of this site");
  dropCookie(context, settings, "session");
  return context.redirect("/", 303);
});

signIn.onError((thrown, context) => {
  const { status, body } = renderRefusal(thrown, crypto.randomUUID());
  const wantsPage = context.req.header("accept")?.includes("text/html") ?? false;
  if (!wantsPage) return context.json(body, status);
  const { message, hint } = body.error;
  return context.html(renderNotice("Not signed in", [message, hint], { href: "/sign-in", label: "Sign in" }), status);
});

function renderCallbackUrl({ origin }: SessionConfig): string {
  return `${origin}/sign-in/callback`;
}

function refuse(reason: string): RepxError {
  return new RepxError("AUTH_SIGN_IN_FAILED", `the sign-in is refused: ${reason}`, {
    hint: "Sign in again, in this browser and with its cookies on.",
  });
}
