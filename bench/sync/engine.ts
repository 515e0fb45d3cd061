// The engine as it is shipped: bundled like the Action, in a process that runs already and holds nothing else.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { bundle } from "../../packages/action/bundle.ts";
import type { PushOrder } from "./push-order.ts";

/** What a push did, and the most that was resident of its process so far. */
export type EnginePush = z.infer<typeof EnginePush>;

/** A process that pushes what it is told to. */
export interface Engine extends AsyncDisposable {
  readonly pid: number;
  /** Opens a connection and closes it. */
  connect(order: PushOrder): Promise<void>;
  runPush(order: PushOrder): Promise<EnginePush>;
}

const EnginePush = z.object({ sentBytes: z.number(), peakBytes: z.number() });
const Failure = z.object({ failure: z.string() });

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the program into a folder that is there; answers its path. */
export async function buildEngine(folder: string): Promise<string> {
  const programs = {
    "engine-process": here("engine-process.ts"),
    "pack-worker": here("../../packages/core/src/sync/pack/pack-worker.ts"),
  };
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await bundle(programs, folder, folder);
  return join(folder, "engine-process.js");
}

/** Starts it; nothing is connected yet. */
export async function startEngine(program: string): Promise<Engine> {
  const child = fork(program, {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await once(child, "spawn");
  const ask = async (act: "connect" | "push", order: PushOrder): Promise<unknown> => {
    const answer = waitForAnswer(child);
    child.send({ act, order });
    const result = await answer;
    const failed = Failure.safeParse(result);
    if (failed.success) throw new Error(failed.data.failure);
    return result;
  };
  return {
    pid: child.pid ?? 0,
    connect: async (order) => void (await ask("connect", order)),
    runPush: async (order) => EnginePush.parse(await ask("push", order)),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

async function waitForAnswer(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  try {
    const gone = once(child, "exit", { signal: stop.signal }).then(() => Promise.reject(new Error("the engine ended")));
    gone.catch(() => {});
    const [message]: unknown[] = await Promise.race([once(child, "message", { signal: stop.signal }), gone]);
    return message;
  } finally {
    stop.abort();
  }
}
