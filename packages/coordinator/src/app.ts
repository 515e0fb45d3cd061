import { RepxError, type EventReceipt } from "@repx/core/model";
import { Hono } from "hono";
import { matchedRoutes } from "hono/route";
import { secureHeaders } from "hono/secure-headers";
import { renderRefusal } from "./answer.ts";
import { createBoard } from "./board/board.tsx";
import { listSubmissions } from "./board/list-submissions.ts";
import { readConfig } from "./config.ts";
import { parseEventLines } from "./event-lines.ts";
import { writeLog } from "./log.ts";
import { readBody } from "./read-body.ts";
import { registerSubmission } from "./register.ts";
import { createFiles } from "./files/files-app.ts";
import { createKnownLabs } from "./repository/known-lab-app.ts";
import { findViewer } from "./session/find-viewer.ts";
import { signIn } from "./session/sign-in.ts";
import { isAdmitted, type Admission } from "./meter.ts";
import { findSubmission, refuseBusy, refuseToken } from "./submission-access.ts";
import { setup } from "./setup/setup.ts";
import { acceptWebhook } from "./webhook/accept-webhook.ts";

const MAX_EVENTS_BYTES = 2_000_000;
const SMALL_BYTES = 32_000;

/** The coordinator's HTTP interface. */
export const app = new Hono<{ Bindings: Cloudflare.Env }>();

app.use(secureHeaders());
app.use(async (context, next) => {
  const startedAt = Date.now();
  await next();
  if (!context.res.headers.has("cache-control")) context.header("cache-control", "no-store");
  const { method } = context.req;
  const submission = context.req.param("id");
  // The last one that is not what stands before every route.
  const route = matchedRoutes(context).findLast(({ path }) => path !== "/*")?.path ?? "none";
  const fields = { method, route, submission, status: context.res.status };
  writeLog("request", { ...fields, ms: Date.now() - startedAt });
});

app.get("/healthz", (context) => {
  readConfig(context.env);
  return context.json({ ok: true, service: "repx-coordinator" });
});

app.post("/api/submissions", async (context) => {
  const entropy = { now: Date.now(), tokenBytes: crypto.getRandomValues(new Uint8Array(32)) };
  return context.json(await registerSubmission(context.req.raw, context.env, entropy), 201);
});

app.post("/api/submissions/:id/events", async (context) => {
  const { object, tokenHash } = findSubmission(context.env, context.req.param("id"), context.req.raw);
  const refuse = ({ isAuthorized, waitSeconds }: Admission): RepxError => {
    if (!isAuthorized) return refuseToken();
    context.header("retry-after", String(waitSeconds));
    return refuseBusy(waitSeconds);
  };
  // What is small is read at once: it costs little, and one call to the object is enough.
  const isSmall = Number(context.req.header("content-length") ?? Infinity) <= SMALL_BYTES;
  const admission = isSmall ? undefined : await object.admitSender(tokenHash);
  if (admission !== undefined && !isAdmitted(admission)) throw refuse(admission);
  const batch = parseEventLines(await readBody(context.req.raw, MAX_EVENTS_BYTES));
  const answer = await object.acceptEvents(tokenHash, batch, admission);
  if (!("accepted" in answer)) throw refuse(answer);
  const all = [...batch.rejected, ...answer.rejected].toSorted((left, right) => left.line - right.line);
  return context.json({ ...answer, rejected: all } satisfies EventReceipt);
});

app.get("/api/submissions/:id", async (context) => {
  const { object, tokenHash } = findSubmission(context.env, context.req.param("id"), context.req.raw);
  const view = await object.view(tokenHash);
  if (view === undefined) throw refuseToken();
  return context.json(view);
});

app.route("/", createFiles());
app.route("/", createKnownLabs());

app.post("/webhook", async (context) => {
  const { status, body } = await acceptWebhook(context.req.raw, context.env);
  return context.json(body, status);
});

app.route("/", signIn);
app.route("/", setup);
app.route("/", createBoard(findViewer, listSubmissions));

app.notFound((context) => {
  const refusal = new RepxError("COORD_NOT_FOUND", `there is nothing at ${context.req.method} ${context.req.path}`, {
    hint: "The interface is in docs/coordinator.md: /api/submissions, /api/submissions/<id>, its events and files, /figures, /webhook, /healthz.",
  });
  const { status, body } = renderRefusal(refusal, "");
  return context.json(body, status);
});

app.onError((thrown, context) => {
  const { status, body } = renderRefusal(thrown, crypto.randomUUID());
  return context.json(body, status);
});
