// A GitHub for the tests that run inside workerd: the few routes that the coordinator calls, with state, a log of the
// writes and faults on demand. Runs in Node, as the outbound service of the test's runtime. Repositories are apart.
import { createPublicKey } from "node:crypto";
import { Hono, type Context } from "hono";
import * as z from "zod";
import { addPeople } from "./fake-people.fixture.ts";

/** What the next write (or every read) of a repository meets. */
export const Fault = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()).optional(),
  /** The write is done and only its answer is lost. */
  isApplied: z.boolean().optional(),
  /** The answer comes this much later. */
  delayMs: z.int().optional(),
  /** Instead of failing, a comment of ours with this text is there a moment before the write. */
  rival: z.string().optional(),
  times: z.int().default(1),
});
export type Fault = z.input<typeof Fault>;

const CheckRun = z.looseObject({ id: z.int(), name: z.string(), status: z.string(), external_id: z.string() });
const Comment = z.looseObject({ id: z.int(), body: z.string(), user: z.object({ login: z.string() }) });

/** What a test reads back. */
export const RepositoryState = z.object({
  writes: z.array(z.string()),
  checks: z.array(CheckRun),
  comments: z.array(Comment),
});
export type RepositoryState = z.infer<typeof RepositoryState>;

interface Stored extends RepositoryState {
  faults: z.output<typeof Fault>[];
}

function nameOf(context: Context): string {
  return `${context.req.param("owner")}/${context.req.param("repo")}`;
}

/** Makes the fake; `idTokenKey` is the private key (PEM) whose public half the issuer's JWKS shows. */
export function createFakeGithub(idTokenKey: string): { fetch: (request: Request) => Promise<Response> } {
  const repositories = new Map<string, Stored>();
  const stateOf = (context: Context): Stored => {
    const name = nameOf(context);
    const stored = repositories.get(name) ?? { writes: [], checks: [], comments: [], faults: [] };
    repositories.set(name, stored);
    return stored;
  };
  const app = new Hono();
  addControl(app, stateOf);
  // Each repository has its own installation, as each is of another owner: tests do not share its budget.
  addApp(app, idTokenKey, (context) => {
    stateOf(context);
    return 100 + [...repositories.keys()].indexOf(nameOf(context));
  });
  addHooks(app, stateOf);
  addChecks(app, stateOf);
  addComments(app, stateOf);
  addPeople(app, async (context, label) => write(stateOf(context), label, () => ({})));
  return { fetch: async (request) => app.fetch(request) };
}

function addControl(app: Hono, stateOf: (context: Context) => Stored): void {
  app.get("/control/:owner/:repo", (context) => context.json(RepositoryState.parse(stateOf(context))));
  app.put("/control/:owner/:repo/faults", async (context) => {
    stateOf(context).faults = z.array(Fault).parse(await context.req.json());
    return context.json({});
  });
  app.put("/control/:owner/:repo/comments", async (context) => {
    const comments = z.array(Comment).parse(await context.req.json());
    stateOf(context).comments.push(...comments);
    return context.json({});
  });
}

/** Repositories whose name says how GitHub answers when the App asks for its installation. */
const REFUSALS: ReadonlyMap<string, number> = new Map([
  ["without-app", 404],
  ["wrong-key", 401],
  ["github-down", 503],
  ["behind-a-proxy", 200],
]);

function addApp(app: Hono, idTokenKey: string, numberOf: (context: Context) => number): void {
  const jwk = createPublicKey(idTokenKey).export({ format: "jwk" });
  app.get("/.well-known/jwks", (context) => context.json({ keys: [{ ...jwk, kid: "one", alg: "RS256", use: "sig" }] }));
  app.get("/app", (context) => context.json({ id: 12_345, html_url: "https://github.test/apps/repx-app" }));
  app.get("/repos/:owner/:repo/installation", (context) => {
    const refused = REFUSALS.get(context.req.param("repo"));
    if (refused !== undefined) return Response.json({ message: "refused" }, { status: refused });
    return context.json({ id: numberOf(context), app_slug: "repx-app" });
  });
  app.post("/app/installations/:id/access_tokens", (context) =>
    context.json({ token: "ghs_test", expires_at: "2999-01-01T00:00:00Z", permissions: {} }, 201),
  );
}

/** Meets a write: with the next fault, or with `apply`. */
async function write(stored: Stored, label: string, apply: () => unknown, status = 200): Promise<Response> {
  const fault = stored.faults.find(({ rival }) => rival === undefined);
  stored.writes.push(fault === undefined ? label : `${label} ${fault.status}`);
  if (fault === undefined) return Response.json(apply(), { status });
  fault.times -= 1;
  if (fault.times === 0) stored.faults = stored.faults.filter((other) => other !== fault);
  if (fault.isApplied === true) apply();
  if (fault.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
  return Response.json({ message: "fault" }, { status: fault.status, headers: fault.headers ?? {} });
}

const HookDelivery = z.object({ id: z.int(), guid: z.string(), deliveredAt: z.string(), statusCode: z.int() });

/** The App's webhooks; what is asked for again is a write of `app/hook`. */
function addHooks(app: Hono, stateOf: (context: Context) => Stored): void {
  let deliveries: z.infer<typeof HookDelivery>[] = [];
  app.put("/control/deliveries", async (context) => {
    deliveries = z.array(HookDelivery).parse(await context.req.json());
    return context.json({});
  });
  app.get("/:owner{app}/:repo{hook}/deliveries", (context) => {
    const [size, from] = [Number(context.req.query("per_page")), Number(context.req.query("cursor") ?? 0)];
    const page = deliveries.slice(from, from + size).map(({ id, guid, deliveredAt, statusCode }) => ({
      id,
      guid,
      delivered_at: deliveredAt,
      status_code: statusCode,
    }));
    const next = `<https://api.github.test/app/hook/deliveries?cursor=${from + size}>; rel="next"`;
    return context.json(page, 200, { ...(deliveries.length > from + size && { link: next }) });
  });
  app.post("/:owner{app}/:repo{hook}/deliveries/:id/attempts", (context) => {
    stateOf(context).writes.push(`redeliver ${context.req.param("id")}`);
    return context.json({}, 202);
  });
}

function addChecks(app: Hono, stateOf: (context: Context) => Stored): void {
  const Body = z.looseObject({ name: z.string(), status: z.string(), external_id: z.string().optional() });
  app.post("/repos/:owner/:repo/check-runs", async (context) => {
    const stored = stateOf(context);
    const body = Body.parse(await context.req.json());
    const check = CheckRun.parse({ external_id: "", ...body, id: stored.checks.length + 1 });
    const create = () => {
      stored.checks.push(check);
      return check;
    };
    return write(stored, `create ${body.name} ${body.status}`, create, 201);
  });
  app.patch("/repos/:owner/:repo/check-runs/:id", async (context) => {
    const stored = stateOf(context);
    const body = Body.parse(await context.req.json());
    const check = stored.checks.find((candidate) => candidate.id === Number(context.req.param("id")));
    if (check === undefined) return context.json({ message: "Not Found" }, 404);
    return write(stored, `update ${body.name} ${body.status}`, () => Object.assign(check, body));
  });
  app.get("/repos/:owner/:repo/commits/:ref/check-runs", (context) => {
    const stored = stateOf(context);
    stored.writes.push("list checks");
    return context.json({ total_count: stored.checks.length, check_runs: stored.checks });
  });
}

function addComments(app: Hono, stateOf: (context: Context) => Stored): void {
  const Body = z.object({ body: z.string() });
  app.get("/repos/:owner/:repo/issues/:number/comments", (context) => {
    const [size, page] = [Number(context.req.query("per_page")), Number(context.req.query("page") ?? 1)];
    return context.json(stateOf(context).comments.slice((page - 1) * size, page * size));
  });
  app.post("/repos/:owner/:repo/issues/:number/comments", async (context) => {
    const stored = stateOf(context);
    const { body } = Body.parse(await context.req.json());
    for (const { rival } of stored.faults) {
      if (rival !== undefined) stored.comments.push({ id: 999, body: rival, user: { login: "repx-app[bot]" } });
    }
    const comment = { id: 1000 + stored.comments.length, body, user: { login: "repx-app[bot]" } };
    const create = () => {
      stored.comments.push(comment);
      return comment;
    };
    return write(stored, "create comment", create, 201);
  });
  app.get("/repos/:owner/:repo/issues/comments/:id", (context) => {
    const comment = stateOf(context).comments.find(({ id }) => id === Number(context.req.param("id")));
    return comment === undefined ? context.json({ message: "Not Found" }, 404) : context.json(comment);
  });
  app.patch("/repos/:owner/:repo/issues/comments/:id", async (context) => {
    const stored = stateOf(context);
    const { body } = Body.parse(await context.req.json());
    const comment = stored.comments.find(({ id }) => id === Number(context.req.param("id")));
    if (comment === undefined) return context.json({ message: "Not Found" }, 404);
    return write(stored, "update comment", () => Object.assign(comment, { body }));
  });
  app.delete("/repos/:owner/:repo/issues/comments/:id", (context) => {
    const stored = stateOf(context);
    stored.comments = stored.comments.filter(({ id }) => id !== Number(context.req.param("id")));
    stored.writes.push("delete comment");
    return context.body(null, 204);
  });
}
