import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What the next writes meet instead of an answer of GitHub's; `hang` never answers. */
export interface Fault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly times: number;
  readonly isHanging?: boolean;
}

/** A write that came by, in order. */
export interface Write {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly at: number;
}

export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  readonly writes: readonly Write[];
  /** Makes the next writes of checks and comments fail; the reads and the tokens pass. */
  failWrites(fault: Fault): void;
}

/** Starts a proxy in front of a GitHub that lets writes fail on demand and keeps a list of them. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const writes: Write[] = [];
  let fault: Fault | undefined;
  const takeFault = (): Fault | undefined => {
    const taken = fault;
    if (fault !== undefined) fault = fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined;
    return taken;
  };
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url = "/" } = request;
    const body = await readBody(request);
    const isWrite = method !== "GET" && !url.startsWith("/app/");
    const met = isWrite ? takeFault() : undefined;
    const answer = met ?? (await forward(target, request, body));
    if (isWrite) writes.push({ method, path: url, status: answer.status, at: Date.now() });
    if (met?.isHanging === true) return;
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end("body" in answer ? answer.body : "{}");
  };
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    writes,
    failWrites: (next) => {
      fault = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: string[] = [];
  request.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  await once(request, "end");
  return chunks.join("");
}

async function forward(target: string, request: IncomingMessage, body: string) {
  const { method = "GET", url = "/" } = request;
  const answer = await fetch(`${target}${url}`, {
    method,
    headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
    ...(body !== "" && { body }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: answer.status, headers: {}, body: await answer.text() };
}
