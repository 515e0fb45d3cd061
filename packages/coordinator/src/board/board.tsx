// The board's routes: who asks, may they read, what do they see. Holds no rules of its own beside that order.
import { JobId, RepxError, RunName, SubmissionId } from "@repx/core/model";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import * as z from "zod";
import { readConfig } from "../config.ts";
import { answerRefusal, answerView, isJsonWanted, readFrame } from "./answer-page.tsx";
import type { BoardAnswer, BoardQuery } from "./board-store.ts";
import { parseJobQuery } from "./job-query.ts";
import { HomeView } from "./page/home-page.tsx";
import { JobView } from "./page/job-page.tsx";
import { RepositoryView } from "./page/repository-page.tsx";
import { RunView } from "./page/run-page.tsx";
import { SubmissionView } from "./page/submission-page.tsx";
import {
  buildRepositoryPage,
  buildRunPage,
  chooseWithRun,
  LIST_SIZE,
  RUN_SEARCH_SIZE,
  type ListSubmissions,
} from "./submission-index.ts";
import type { BoardContext, FindViewer, Viewer } from "./viewer.ts";
import type { HomePage } from "./views.ts";

/** What a page may load: its own style, script, icon and live updates; nothing inline, nothing of others. */
const POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  scriptSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};

const Name = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/);
const ListQuery = z.object({
  pullRequest: z.union([z.literal("").transform(() => undefined), z.coerce.number().int().positive()]).optional(),
  before: z.coerce.number().int().min(0).optional(),
});

/** Makes the board; `findViewer` knows who is signed in, `listSubmissions` a repository's index. */
export function createBoard(
  findViewer: FindViewer,
  listSubmissions: ListSubmissions,
): Hono<{ Bindings: Cloudflare.Env }> {
  const board = new Hono<{ Bindings: Cloudflare.Env }>();
  // Mounted at the root, it must leave alone what is not its own.
  for (const path of ["/", "/r/*", "/s/*"]) {
    board.use(path, secureHeaders({ contentSecurityPolicy: POLICY, referrerPolicy: "same-origin" }));
  }
  board.onError((thrown, context) => answerRefusal(context, thrown));
  addHome(board, findViewer);
  addRepositories(board, findViewer, listSubmissions);
  addSubmissions(board, findViewer);
  return board;
}

function addHome(board: Hono<{ Bindings: Cloudflare.Env }>, findViewer: FindViewer): void {
  board.get("/", async (context) => {
    const viewer = await findViewer(context);
    const login = viewer?.login === "" ? undefined : viewer?.login;
    const view: HomePage = { service: "repx-coordinator", ...(login !== undefined && { login }) };
    return answerView(context, view, <HomeView view={view} frame={readFrame(context, login)} />);
  });
  board.get("/r", (context) => {
    const [owner, name, ...more] = (context.req.query("repository") ?? "").trim().split("/");
    if (!Name.safeParse(owner).success || !Name.safeParse(name).success || more.length > 0) throw refuseUnknown();
    return context.redirect(`/r/${owner}/${name}`, 303);
  });
}

function addRepositories(
  board: Hono<{ Bindings: Cloudflare.Env }>,
  findViewer: FindViewer,
  listSubmissions: ListSubmissions,
): void {
  board.get("/r/:owner/:repo", async (context) => {
    const viewer = await findViewer(context);
    if (viewer === undefined) return askToSignIn(context);
    const repository = await findRepository(context, viewer);
    const parsed = ListQuery.safeParse(context.req.query());
    if (!parsed.success) throw refuseUnknown();
    const { pullRequest, before } = parsed.data;
    const query = { ...(pullRequest !== undefined && { pullRequest }), ...(before !== undefined && { before }) };
    const entries = await listSubmissions(context, repository, { ...query, limit: LIST_SIZE + 1 });
    const view = buildRepositoryPage(repository, { ...(pullRequest !== undefined && { pullRequest }) }, entries);
    return answerView(context, view, <RepositoryView view={view} frame={readFrame(context, viewer.login)} />);
  });
  board.get("/r/:owner/:repo/runs/:run", async (context) => {
    const viewer = await findViewer(context);
    if (viewer === undefined) return askToSignIn(context);
    const repository = await findRepository(context, viewer);
    const run = parseName(RunName, context.req.param("run"));
    const entries = chooseWithRun(await listSubmissions(context, repository, { limit: RUN_SEARCH_SIZE }), run);
    const known = entries.map(async (entry) => {
      const answer = await context.env.SUBMISSIONS.getByName(entry.id).readBoard({ kind: "run", run });
      // The index says what is this repository's; the submission has the last word.
      return { entry, facts: answer?.head.repository === repository ? answer.run : undefined };
    });
    const view = buildRunPage(repository, run, await Promise.all(known));
    return answerView(context, view, <RunView view={view} frame={readFrame(context, viewer.login)} />);
  });
}

function addSubmissions(board: Hono<{ Bindings: Cloudflare.Env }>, findViewer: FindViewer): void {
  board.get("/s/:id", async (context) => {
    const viewer = await findViewer(context);
    if (viewer === undefined) return askToSignIn(context);
    const query = parseJobQuery(context.req.query());
    const { jobs: view } = await askSubmission(context, viewer, { kind: "jobs", query });
    if (view === undefined) throw refuseUnknown();
    const frame = readFrame(context, viewer.login);
    return answerView(context, view, <SubmissionView view={view} query={query} frame={frame} />);
  });
  board.get("/s/:id/jobs/:job", async (context) => {
    const viewer = await findViewer(context);
    if (viewer === undefined) return askToSignIn(context);
    const job = parseName(JobId, context.req.param("job"));
    const { job: view } = await askSubmission(context, viewer, { kind: "job", job });
    if (view === undefined) throw refuseUnknown();
    return answerView(context, view, <JobView view={view} frame={readFrame(context, viewer.login)} />);
  });
  board.get("/s/:id/live", async (context) => {
    // Another site's script may open a WebSocket with the person's cookies; a browser says which site it is.
    if (context.req.header("origin") !== readConfig(context.env).COORDINATOR_ORIGIN) throw refuseUnknown();
    const viewer = await findViewer(context);
    if (viewer === undefined) throw refuseStranger();
    const { head } = await askSubmission(context, viewer, { kind: "head" });
    const { status, webSocket } = await context.env.SUBMISSIONS.getByName(head.id).fetch(context.req.raw);
    // What a fetch answered has fixed headers, and ours are yet to be set.
    return new Response(null, { status, webSocket });
  });
}

async function findRepository(context: BoardContext, viewer: Viewer): Promise<string> {
  const [owner, name] = [context.req.param("owner"), context.req.param("repo")];
  const repository = `${parseName(Name, owner)}/${parseName(Name, name)}`;
  if (!(await viewer.mayRead(repository))) throw refuseUnknown();
  return repository;
}

/** Asks a submission; one that is not there is refused as one that the viewer may not read. */
async function askSubmission(context: BoardContext, viewer: Viewer, query: BoardQuery): Promise<BoardAnswer> {
  const id = parseName(SubmissionId, context.req.param("id"));
  const answer = await context.env.SUBMISSIONS.getByName(id).readBoard(query);
  if (answer === undefined || !(await viewer.mayRead(answer.head.repository))) throw refuseUnknown();
  return answer;
}

function parseName<S extends z.ZodType>(schema: S, text: string | undefined): z.output<S> {
  const parsed = schema.safeParse(text);
  if (!parsed.success) throw refuseUnknown();
  return parsed.data;
}

function askToSignIn(context: BoardContext): Response {
  if (isJsonWanted(context)) throw refuseStranger();
  const { pathname, search } = new URL(context.req.url);
  return context.redirect(`/sign-in?return=${encodeURIComponent(`${pathname}${search}`)}`, 303);
}

function refuseStranger(): RepxError {
  return new RepxError("AUTH_SIGN_IN_REQUIRED", "nobody is signed in", {
    hint: "Open the page in a browser, sign in with GitHub, and use that session's cookie.",
  });
}

function refuseUnknown(): RepxError {
  return new RepxError("COORD_NOT_FOUND", "there is no such page, or you may not read the repository it is about", {
    hint: "Check the address; if it is right, sign in as somebody who may read that repository at GitHub.",
  });
}
