import type { Context } from "hono";
import { readConfig, type Config } from "../config.ts";
import { mayRead } from "../github/person.ts";
import { isPublic } from "../github/public-repository.ts";
import { hashText } from "../token.ts";
import { readSealedCookie, readSessionConfig, Session } from "./session.ts";

/** Who looks at the board. */
export interface Viewer {
  /** Their name at GitHub; empty for everybody, where the owner lets everybody read public repositories. */
  readonly login: string;
  /** Tells whether they may read a repository, `owner/name`; what GitHub said is believed for a few minutes. */
  mayRead(repository: string): Promise<boolean>;
}

/** Finds who sends a request; undefined when nobody is signed in and nothing here is open to everybody. */
export async function findViewer(context: Context<{ Bindings: Cloudflare.Env }>): Promise<Viewer | undefined> {
  const config = readConfig(context.env);
  const settings = readSessionConfig(config);
  const session = settings === undefined ? undefined : await readSealedCookie(context, settings, "session", Session);
  if (session !== undefined) return openViewer(config, session);
  if (config.PUBLIC_BOARD !== "yes") return undefined;
  return { login: "", mayRead: (repository) => ask(`public\n${repository}`, () => isPublic(config, repository)) };
}

function openViewer(config: Config, { login, token }: Session): Viewer {
  const key = hashText(token);
  return {
    login,
    mayRead: (repository) => ask(`${key}\n${repository}`, () => mayRead(config, token, repository)),
  };
}

/** No part is `.` or `..`: those would lead to other addresses of GitHub's API. */
const NAME = /^(?!\.{1,2}\/)[A-Za-z0-9._-]{1,100}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
const BELIEVED_MS = { yes: 3 * 60_000, no: 20_000 };
const MAX_ANSWERS = 5_000;

/** What GitHub said, by who asked about what. In the isolate's memory alone: when it is lost, GitHub is asked again. */
const answers = new Map<string, { readonly isAllowed: boolean; readonly until: number }>();

async function ask(key: string, question: () => Promise<boolean>): Promise<boolean> {
  const repository = key.slice(key.indexOf("\n") + 1);
  if (!NAME.test(repository)) return false;
  const now = Date.now();
  const known = answers.get(key);
  if (known !== undefined && known.until > now) return known.isAllowed;
  const isAllowed = await question();
  // A map keeps the order of insertion: the oldest answer goes first.
  const [oldest] = answers.keys();
  if (answers.size >= MAX_ANSWERS && oldest !== undefined) answers.delete(oldest);
  answers.delete(key);
  answers.set(key, { isAllowed, until: now + (isAllowed ? BELIEVED_MS.yes : BELIEVED_MS.no) });
  return isAllowed;
}
