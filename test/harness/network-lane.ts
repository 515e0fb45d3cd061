// One direction of one connection of a network line: bytes come in, wait until they are due, and go out in their order.
import type { Socket } from "node:net";

/** What every connection of a line shares in one direction. */
export interface Way {
  readonly delayMs: number;
  /** Infinity where nothing limits it. */
  readonly bytesPerMs: number;
  /** When the line has taken everything that was given to it so far; `performance.now()`. */
  freeAtMs: number;
}

/** Is told of everything that comes by. */
export interface Watch {
  /** Bytes came in; what it answers is told again when the same bytes go out. */
  onTake(): boolean;
  /** Bytes go out; what it returns goes in their place. */
  onGive(bytes: Buffer, isMarked: boolean): Buffer;
  /** Bytes have gone out. */
  onGiven(sizeBytes: number): void;
}

interface Held {
  readonly dueMs: number;
  /** Undefined for the end of the stream. */
  readonly bytes: Buffer | undefined;
  readonly isMarked: boolean;
}

/** On the line and in front of a far side that does not read; more stays with the sender, as a full window does. */
const MOST_HELD_BYTES = 64 * 2 ** 20;
/** What waits in front of a line that is too narrow: a router's buffer, which takes the sender's speed off it. */
const MOST_BACKLOG_MS = 100;
/** Node's timers count whole milliseconds. */
const EARLY_MS = 0.5;

/** Carries everything from one socket to another, the end of the stream too; nothing arrives before `notBeforeMs`. */
export function startLane(from: Socket, to: Socket, way: Way, watch: Watch, notBeforeMs: number): void {
  const queue: Held[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const resume = (): void => {
    if (!from.isPaused()) return;
    const backlogMs = way.freeAtMs - performance.now();
    if (backlogMs > MOST_BACKLOG_MS) setTimeout(resume, backlogMs - MOST_BACKLOG_MS / 2);
    else if (heldBytes < MOST_HELD_BYTES / 2) from.resume();
  };
  let isEnded = false;
  // Not before everything is written: a stream whose end is under way cannot be reset.
  const endWhenWritten = (): void => {
    if (isEnded && heldBytes === 0) to.end();
  };
  const give = ({ bytes, isMarked }: Held): void => {
    if (bytes === undefined) {
      isEnded = true;
      return endWhenWritten();
    }
    const given = watch.onGive(bytes, isMarked);
    to.write(given, () => {
      heldBytes -= bytes.length;
      watch.onGiven(given.length);
      resume();
      endWhenWritten();
    });
  };
  const giveDue = (): void => {
    timer = undefined;
    to.cork();
    for (let next = queue[0]; next !== undefined && next.dueMs <= performance.now() + EARLY_MS; next = queue[0]) {
      queue.shift();
      give(next);
    }
    to.uncork();
    if (queue[0] !== undefined) timer = setTimeout(giveDue, Math.max(1, queue[0].dueMs - performance.now()));
  };
  const take = (bytes: Buffer | undefined): void => {
    const dueMs = Math.max(schedule(way, bytes?.length ?? 0), notBeforeMs);
    queue.push({ dueMs, bytes, isMarked: bytes !== undefined && watch.onTake() });
    if (timer === undefined) giveDue();
  };
  from.on("data", (bytes) => {
    heldBytes += bytes.length;
    take(bytes);
    if (heldBytes < MOST_HELD_BYTES && way.freeAtMs - performance.now() <= MOST_BACKLOG_MS) return;
    from.pause();
    resume();
  });
  from.once("end", () => take(undefined));
  to.once("close", () => clearTimeout(timer));
  from.resume();
}

/** When bytes that come in now arrive: a token bucket that holds no tokens, shared in the order of coming. */
function schedule(way: Way, sizeBytes: number): number {
  way.freeAtMs = Math.max(way.freeAtMs, performance.now()) + sizeBytes / way.bytesPerMs;
  return way.freeAtMs + way.delayMs;
}
