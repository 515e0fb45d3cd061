// A Transport that outlives its connection: what was running when it broke fails, and the next command opens it anew.
import { setTimeout as sleep } from "node:timers/promises";
import { CODES, RepxError } from "../../model/errors.ts";
import type { Output, RunRequest, Transport } from "../command/run-request.ts";

/** How often and how patiently a lasting Transport is opened again. */
export interface LastingLimits {
  /** In a row, the first one included; 5 when not given. */
  readonly attempts?: number;
  /** Before the second attempt; each further pause is twice as long, up to 30 seconds. 1 when not given. */
  readonly pauseSeconds?: number;
}

/** One connection and who uses it. */
interface Line {
  readonly transport: Promise<Transport>;
  users: number;
  isDropped: boolean;
}

const LONGEST_PAUSE_SECONDS = 30;

/**
 * Opens a Transport that opens again after it was lost. `run` on a lost connection rejects with SSH_CONNECTION_LOST, and
 * the next `run` opens anew; only failures that may pass (`retry` in the table of codes) are tried again. The very first
 * opening is tried once: whoever mistyped a host is told at once.
 */
export async function openLasting(open: () => Promise<Transport>, limits: LastingLimits = {}): Promise<Transport> {
  const stop = new AbortController();
  const first = await open();
  let line: Line | undefined = { transport: Promise.resolve(first), users: 0, isDropped: false };
  const take = (): Line => {
    line ??= { transport: openPatiently(open, limits, stop.signal), users: 0, isDropped: false };
    line.users++;
    return line;
  };
  const leave = async (taken: Line): Promise<void> => {
    taken.users--;
    // Others may still run on it: one command can be lost alone.
    if (taken.isDropped && taken.users === 0) await closeLine(taken);
  };
  const drop = (taken: Line): void => {
    taken.isDropped = true;
    if (line === taken) line = undefined;
  };
  const { description } = first;
  return {
    description,
    async run(request: RunRequest): Promise<Output> {
      if (stop.signal.aborted) throw describeClosed(description);
      const taken = take();
      try {
        const transport = await taken.transport.catch((error: unknown) => {
          drop(taken);
          throw error;
        });
        return await transport.run(request);
      } catch (error) {
        if (error instanceof RepxError && error.code === "SSH_CONNECTION_LOST") drop(taken);
        throw error;
      } finally {
        await leave(taken);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      const last = line;
      line = undefined;
      if (last !== undefined) await closeLine(last);
    },
  };
}

async function closeLine({ transport }: Line): Promise<void> {
  // One that was never opened needs no closing; its error went to those who waited for it.
  const opened = await transport.catch(() => undefined);
  await opened?.[Symbol.asyncDispose]();
}

async function openPatiently(
  open: () => Promise<Transport>,
  { attempts = 5, pauseSeconds = 1 }: LastingLimits,
  signal: AbortSignal,
): Promise<Transport> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      const mayPass = error instanceof RepxError && CODES[error.code].retry;
      if (!mayPass || attempt >= attempts || signal.aborted) throw error;
      const pause = Math.min(pauseSeconds * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS);
      // Half of it by chance: many clients of one server come back at different times.
      const isOver = await sleep(pause * (500 + Math.random() * 500), undefined, { signal }).then(
        () => true,
        () => false,
      );
      if (!isOver) throw error;
    }
  }
}

function describeClosed(description: string): RepxError {
  return new RepxError("SSH_CONNECTION_LOST", `the connection to ${description} is closed`, { hint: "Open it again." });
}
