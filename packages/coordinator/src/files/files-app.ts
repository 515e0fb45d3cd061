import { RepxError, SubmissionId } from "@repx/core/model";
import { Hono } from "hono";
import * as z from "zod";
import { renderIssues } from "../issues.ts";
import { readBytes } from "../read-body.ts";
import { findSubmission, refuseToken } from "../submission-access.ts";
import { renderToken } from "../token.ts";
import { MAX_FILES, MAX_TOTAL_BYTES, type FilePlan } from "./file-store.ts";
import { FileName, isFigure, readContentType, renderKey } from "./file-path.ts";

/** Most of one file; a bundle of results that is larger stays on the cluster, where `repx pull` fetches it. */
export const MAX_FILE_BYTES = 25_000_000;

const FigureName = z.object({ id: SubmissionId, figure: z.string().regex(/^[A-Za-z0-9_-]{32}$/) });

/** A picture is served to anybody who has its address, to GitHub's image proxy among them; it may hold no script that runs. */
const FIGURE_HEADERS = {
  // A picture that is sent again keeps its address.
  "cache-control": "public, max-age=300",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
};

/** The files that jobs leave for people: sent with the submission's token; pictures can be shown by their address. */
export function createFiles(): Hono<{ Bindings: Cloudflare.Env }> {
  const files = new Hono<{ Bindings: Cloudflare.Env }>();

  files.put("/api/submissions/:id/files/:job/:path{.+}", async (context) => {
    const { env, req } = context;
    const { id, object, tokenHash } = findSubmission(env, req.param("id"), req.raw);
    if (!(await object.isAuthorized(tokenHash))) throw refuseToken();
    const name = readName(req.param());
    const body = await readBytes(req.raw, MAX_FILE_BYTES);
    const plan = await object.planFile(name, body.byteLength);
    if (plan !== "fits") throw refuseFile(name, plan);
    const contentType = readContentType(name.path);
    await env.FILES.put(renderKey(id, name), body, { httpMetadata: { contentType } });
    const figure = isFigure(name.path) ? renderToken(crypto.getRandomValues(new Uint8Array(24))) : null;
    await object.addFile({ ...name, sizeBytes: body.byteLength, figure });
    return context.json({ job: name.job, path: name.path, sizeBytes: body.byteLength }, 201);
  });

  files.get("/api/submissions/:id/files", async (context) => {
    const { object, tokenHash } = findSubmission(context.env, context.req.param("id"), context.req.raw);
    if (!(await object.isAuthorized(tokenHash))) throw refuseToken();
    const stored = await object.listFiles();
    return context.json({ files: stored.map(({ job, path, sizeBytes }) => ({ job, path, sizeBytes })) });
  });

  files.get("/figures/:id/:figure", async (context) => {
    const named = FigureName.safeParse(context.req.param());
    const file = named.success
      ? await context.env.SUBMISSIONS.getByName(named.data.id).findFigure(named.data.figure)
      : undefined;
    const stored =
      file === undefined || !named.success ? null : await context.env.FILES.get(renderKey(named.data.id, file));
    if (file === undefined || stored === null) throw refuseFigure();
    return new Response(stored.body, {
      headers: { ...FIGURE_HEADERS, "content-type": readContentType(file.path), etag: stored.httpEtag },
    });
  });

  return files;
}

function readName(parameters: unknown): FileName {
  const parsed = FileName.safeParse(parameters);
  if (parsed.success) return parsed.data;
  throw new RepxError("COORD_REQUEST_INVALID", `the file cannot be stored: ${renderIssues(parsed.error)}`, {
    hint: "Send it to /api/submissions/<id>/files/<job id>/<path>, with plain names in the path.",
    cause: parsed.error,
  });
}

function refuseFile({ job, path }: FileName, plan: Exclude<FilePlan, "fits">): RepxError {
  if (plan === "no room") {
    return new RepxError("COORD_REQUEST_TOO_LARGE", `there is no room for ${path} of ${job}`, {
      hint: `A submission may have ${MAX_FILES} files and ${MAX_TOTAL_BYTES / 1_000_000} MB; fetch the rest by \`repx pull\`.`,
    });
  }
  return new RepxError("COORD_REQUEST_INVALID", `the file cannot be stored: not a job of this submission: ${job}`, {
    hint: "Send it to the submission that the job was registered with.",
  });
}

function refuseFigure(): RepxError {
  return new RepxError("COORD_NOT_FOUND", "there is no such picture", {
    hint: "Its submission may be too old; run the experiment again.",
  });
}
