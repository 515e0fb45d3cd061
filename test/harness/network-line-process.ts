// A network line in a process of its own, so that it takes no time from the one that measures. The file is also the
// program of that process.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { startNetworkLine, type LineCounters, type LineOptions } from "./network-line.ts";

export interface NetworkLineProcess extends AsyncDisposable {
  /** Where a client connects, on 127.0.0.1. */
  readonly port: number;
  /** As that of a line in this process, soon. */
  cut(): void;
  readCounters(): Promise<LineCounters>;
}

const FILE = fileURLToPath(import.meta.url);
const WORD = "network-line";
const START_SECONDS = 20;
const ANSWER_SECONDS = 10;
const PortMessage = z.object({ port: z.number() });
const CountersMessage = z.object({ bytesUp: z.number(), bytesDown: z.number(), roundTrips: z.number() });

/** Starts a line in a process of its own, which ends with it or with this process. */
export async function startNetworkLineProcess(options: LineOptions): Promise<NetworkLineProcess> {
  const child = fork(FILE, [WORD, JSON.stringify(options)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { port } = PortMessage.parse(await readMessage(child, START_SECONDS));
  return {
    port,
    cut: () => void child.send("cut"),
    readCounters: async () => {
      const answer = readMessage(child, ANSWER_SECONDS);
      child.send("read");
      return CountersMessage.parse(await answer);
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => void child.kill("SIGKILL"), ANSWER_SECONDS * 1000);
      await ended.finally(() => clearTimeout(timer));
    },
  };
}

async function readMessage(child: ChildProcess, seconds: number): Promise<unknown> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(seconds * 1000)]);
  try {
    const gone = once(child, "exit", { signal }).then(() => Promise.reject(new Error("the network line ended")));
    gone.catch(() => {});
    const [message]: unknown[] = await Promise.race([once(child, "message", { signal }), gone]);
    return message;
  } finally {
    stop.abort();
  }
}

async function serveParent(options: LineOptions, send: (message: object) => void): Promise<void> {
  const line = await startNetworkLine(options);
  process.on("message", (message) => {
    if (message === "cut") return line.cut();
    const { bytesUp, bytesDown, roundTrips } = line;
    send({ bytesUp, bytesDown, roundTrips });
  });
  process.once("disconnect", () => {
    void Promise.resolve(line[Symbol.asyncDispose]()).finally(() => process.exit());
  });
  send({ port: line.port });
}

if (process.argv[1] === FILE && process.argv[2] === WORD && process.send !== undefined) {
  await serveParent(JSON.parse(process.argv[3] ?? "{}"), process.send.bind(process));
}
