import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { JobEvent, Pulse } from "../../packages/core/src/model/protocol.ts";

/** One request as it came in. */
export interface Delivery {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly contentType: string;
  readonly lines: readonly string[];
  /** What it was answered with; 0 when the line was cut. */
  readonly status: number;
}

/** An event as the model knows it, with the time it came in. */
export interface ReceivedEvent extends JobEvent {
  readonly receivedAt: number;
}

/** A pulse as the model knows it, with the time it came in and how many events came with it. */
export interface ReceivedPulse extends Pulse {
  readonly receivedAt: number;
  readonly events: number;
}

/** A stand-in for the coordinator's side of POST /api/submissions/:id/events, and of PUT for files, whose lines are not read. */
export interface EventReceiver extends AsyncDisposable {
  readonly url: string;
  /** Every request, refused ones too. */
  readonly deliveries: readonly Delivery[];
  /** Events that were answered with 200, in order; each is parsed with the model's schema. */
  readonly events: readonly ReceivedEvent[];
  /** Pulses that were answered with 200, in order, parsed likewise. */
  readonly pulses: readonly ReceivedPulse[];
  /** What the next requests are answered with: a status, or "hang up". */
  answerWith(answer: number | "hang up"): void;
  /** What files are answered with from now on; as requests are when not said. */
  answerFilesWith(status: number): void;
  /** Lines that hold this text are answered as rejected. */
  rejectLinesWith(fragment: string): void;
  /** Stops listening; `start` listens on the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

interface State {
  readonly deliveries: Delivery[];
  readonly events: ReceivedEvent[];
  readonly pulses: ReceivedPulse[];
  answer: number | "hang up";
  files: number | undefined;
  rejected: string | undefined;
}

/** Starts the receiver on a free loopback port. */
export async function startEventReceiver(): Promise<EventReceiver> {
  const state: State = { deliveries: [], events: [], pulses: [], answer: 200, files: undefined, rejected: undefined };
  let server = await listen(state, 0);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return {
    url: `http://127.0.0.1:${port}`,
    deliveries: state.deliveries,
    events: state.events,
    pulses: state.pulses,
    stop,
    start: async () => {
      server = await listen(state, port);
    },
    answerWith: (answer) => {
      state.answer = answer;
    },
    answerFilesWith: (status) => {
      state.files = status;
    },
    rejectLinesWith: (fragment) => {
      state.rejected = fragment;
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await stop();
    },
  };
}

async function listen(state: State, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    void receive(state, request).then(({ status, answer }) => {
      if (status === 0) return request.socket.destroy();
      return response.writeHead(status, { "content-type": "application/json" }).end(answer);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function receive(state: State, request: IncomingMessage): Promise<{ status: number; answer: string }> {
  const lines = (await text(request)).split("\n").filter((line) => line !== "");
  const answer = (request.method === "PUT" ? state.files : undefined) ?? state.answer;
  const status = answer === "hang up" ? 0 : answer;
  const { authorization = "", "content-type": contentType = "" } = request.headers;
  const { method = "", url: path = "" } = request;
  state.deliveries.push({ method, path, lines, status, authorization, contentType });
  if (method === "PUT") return { status, answer: "{}" };
  const rejected: { line: number; message: string }[] = [];
  for (const [index, line] of lines.entries()) {
    if (status !== 200) break;
    const isRejected = state.rejected !== undefined && line.includes(state.rejected);
    // A message that looks like an entry of the list itself.
    if (isRejected) rejected.push({ line: index + 1, message: 'no "good" {"line":1}' });
    else take(state, JSON.parse(line), lines.length - 1);
  }
  return { status, answer: JSON.stringify({ accepted: lines.length - rejected.length, duplicates: 0, rejected }) };
}

function take(state: State, line: unknown, others: number): void {
  const receivedAt = Date.now();
  if (typeof line === "object" && line !== null && "pulse" in line) {
    state.pulses.push({ ...Pulse.parse(line), receivedAt, events: others });
  } else {
    state.events.push({ ...JobEvent.parse(line), receivedAt });
  }
}
