// How a page leaves: as HTML, or the same view as JSON when the request prefers that.
import { accepts } from "hono/accepts";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { ErrorAnswer } from "@repx/core/model";
import { renderRefusal } from "../answer.ts";
import { RefusalView } from "./page/refusal-page.tsx";
import type { Frame } from "./page/frame.tsx";
import type { BoardContext } from "./viewer.ts";

/** Tells whether a request prefers JSON to a page. */
export function isJsonWanted(context: BoardContext): boolean {
  const supports = ["text/html", "application/json"];
  return accepts(context, { header: "Accept", supports, default: "text/html" }) === "application/json";
}

/** Answers with a view as JSON, or with the page that shows it. */
export function answerView(context: BoardContext, view: object, page: Child): Response | Promise<Response> {
  context.header("vary", "Accept");
  if (isJsonWanted(context)) return context.json(view);
  return context.html(html`<!doctype html>${page}`);
}

/** Answers with what was thrown, as a page or as JSON. */
export function answerRefusal(context: BoardContext, thrown: unknown): Response | Promise<Response> {
  const { status, body } = renderRefusal(thrown, crypto.randomUUID());
  context.status(status);
  return answerView(context, body satisfies ErrorAnswer, <RefusalView error={body.error} frame={readFrame(context)} />);
}

/** What stands around a page; `login` where somebody is signed in. */
export function readFrame(context: BoardContext, login?: string): Frame {
  return { login: login === "" ? undefined : login, github: context.env.GITHUB_SERVER_URL ?? "https://github.com" };
}
