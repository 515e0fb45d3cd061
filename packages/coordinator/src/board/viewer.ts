import type { Context } from "hono";

/** A person who is signed in. */
export interface Viewer {
  /** Their name at GitHub; empty for everybody, where the owner lets everybody read public repositories. */
  readonly login: string;
  /** Tells whether they may read a repository, `owner/name`. */
  mayRead(repository: string): Promise<boolean>;
}

/** A request as the board's routes see it. */
export type BoardContext = Context<{ Bindings: Cloudflare.Env }>;

/** Finds who sends a request; undefined when nobody is signed in. */
export type FindViewer = (context: BoardContext) => Promise<Viewer | undefined>;
