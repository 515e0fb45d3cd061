// What every rule of the tests' GitHub sees of a request, and what it may answer in GitHub's place.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A request of the product to GitHub. */
export interface RulesRequest {
  readonly method: string;
  /** Path and query, as it came. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** What came after `Bearer` or `token`. */
  readonly token?: string;
  readonly body: Buffer;
}

/** An answer of GitHub's. */
export interface RulesAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** These are about one connection, not about what is said on it. */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "expect",
  "host",
  "keep-alive",
  "transfer-encoding",
]);

/** Reads a whole request. */
export async function readRequest(incoming: IncomingMessage): Promise<RulesRequest> {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(incoming, "end");
  const { method = "GET", url: target = "/" } = incoming;
  const { pathname: path, searchParams: query } = new URL(target, "http://github.test");
  const entries = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
    typeof value !== "string" || HOP_HEADERS.has(name) ? [] : [[name, value]],
  );
  const token = /^(?:bearer|token) +(\S+)$/i.exec(incoming.headers.authorization ?? "")?.[1];
  const headers = Object.fromEntries(entries);
  return { method, target, path, query, headers, ...(token !== undefined && { token }), body: Buffer.concat(chunks) };
}

/** Sends an answer; one that must not have a body gets none. */
export function sendAnswer(outgoing: ServerResponse, { status, headers, body }: RulesAnswer): void {
  outgoing.writeHead(status, headers);
  outgoing.end(status === 204 || status === 304 ? undefined : body);
}

/** Asks the emulator; redirects are answers as well. */
export async function forwardRequest(target: string, request: RulesRequest): Promise<RulesAnswer> {
  const { method, headers, body } = request;
  const answer = await fetch(`${target}${request.target}`, {
    method,
    headers,
    ...(body.length > 0 && { body: new Uint8Array(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(10_000),
  });
  const kept = [...answer.headers].filter(([name]) => !HOP_HEADERS.has(name));
  return { status: answer.status, headers: Object.fromEntries(kept), body: await answer.text() };
}

/** Renders a JSON answer. */
export function renderJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): RulesAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(value),
  };
}

/** Renders a refusal in GitHub's form. */
export function renderRefusal(
  status: number,
  message: string,
  details: { readonly errors?: readonly string[]; readonly headers?: Readonly<Record<string, string>> } = {},
): RulesAnswer {
  const documentation = "https://docs.github.com/rest";
  const { errors, headers } = details;
  return renderJson(status, { message, ...(errors && { errors }), documentation_url: documentation }, headers);
}
