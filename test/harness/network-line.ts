// A network between us and a port of this machine: as slow as asked for, as narrow, and it can be cut.
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./free-port.ts";
import { startLane, type Watch, type Way } from "./network-lane.ts";
import { startTurnCounter, type TurnCounter } from "./turn-counter.ts";

export interface LineOptions {
  /** Of the server that the line leads to, on loopback. */
  readonly port: number;
  /** Half of it each way, whatever the throughput; a new connection waits a whole one first, as TCP does. */
  readonly roundTripSeconds?: number;
  /** In each direction, for all connections together. */
  readonly bytesPerSecond?: number;
  /** The line is cut once, when exactly this many bytes have gone up; the reset takes what the server's kernel has no room for. */
  readonly cutAfterBytes?: number;
}

/** What has come by, over all connections. */
export interface LineCounters {
  /** Handed to the server. */
  readonly bytesUp: number;
  /** Handed to the client. */
  readonly bytesDown: number;
  /**
   * How often the client had to wait. One begins with the first bytes that go up while none is under way; it ends when the
   * first bytes come down that left the server after those arrived there. Who asks and waits has one a question; who
   * streams has at most one for each round-trip time that goes by. TCP's own handshake is none.
   */
  readonly roundTrips: number;
}

export interface NetworkLine extends LineCounters, AsyncDisposable {
  /** Where a client connects, on 127.0.0.1. */
  readonly port: number;
  /** Resets every connection at both its ends; what was under way is lost. New connections go through. */
  cut(): void;
}

/** Starts a line in this process; what it costs in processor time is the caller's. */
export async function startNetworkLine(options: LineOptions): Promise<NetworkLine> {
  const roundTripMs = (options.roundTripSeconds ?? 0) * 1000;
  const startWay = (): Way => ({
    delayMs: roundTripMs / 2,
    bytesPerMs: (options.bytesPerSecond ?? Infinity) / 1000,
    freeAtMs: 0,
  });
  const [wayUp, wayDown] = [startWay(), startWay()];
  const connections = new Set<() => void>();
  const cut = (): void => {
    for (const breakOff of connections) breakOff();
  };
  const counts = startCounts(options.cutAfterBytes ?? Infinity, cut);
  const connect = async (near: Socket): Promise<void> => {
    const openMs = performance.now();
    const breakOff = (): void => {
      connections.delete(breakOff);
      resetNow(near);
      if (far !== undefined) resetNow(far);
      if (connections.size === 0) counts.turns.forget();
    };
    let far: Socket | undefined;
    connections.add(breakOff);
    near.setNoDelay(true).on("error", breakOff);
    if (roundTripMs > 0) await sleep(roundTripMs);
    if (near.destroyed) return breakOff();
    far = createConnection({ host: "127.0.0.1", port: options.port, noDelay: true, allowHalfOpen: true });
    far.on("error", breakOff);
    let open = 2;
    for (const socket of [near, far]) socket.once("close", () => (open -= 1) === 0 && breakOff());
    startLane(near, far, wayUp, counts.up, openMs + 1.5 * roundTripMs);
    startLane(far, near, wayDown, counts.down, openMs + 2 * roundTripMs);
  };
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => void connect(near));
  const port = await findFreePort();
  await once(listener.listen(port, "127.0.0.1"), "listening");
  return {
    port,
    cut,
    get bytesUp() {
      return counts.bytesUp;
    },
    get bytesDown() {
      return counts.bytesDown;
    },
    get roundTrips() {
      return counts.turns.roundTrips;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => void listener.close(resolve));
    },
  };
}

/** libuv refuses to reset a stream whose end is under way, and Node then loses the handle: such a one is closed. */
function resetNow(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (isEnding || socket.connecting || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

interface Counts {
  bytesUp: number;
  bytesDown: number;
  readonly turns: TurnCounter;
  readonly up: Watch;
  readonly down: Watch;
}

function startCounts(cutAfterBytes: number, cut: () => void): Counts {
  const turns = startTurnCounter();
  let state: "whole" | "ends" | "was cut" = "whole";
  let writtenBytes = 0;
  const giveUp = (bytes: Buffer, isMarked: boolean): Buffer => {
    if (isMarked) turns.giveUp();
    const room = state === "was cut" ? Infinity : cutAfterBytes - counts.bytesUp;
    const given = bytes.subarray(0, Math.min(room, bytes.length));
    counts.bytesUp += given.length;
    if (state === "whole" && room <= bytes.length) state = "ends";
    return given;
  };
  const countWritten = (sizeBytes: number): void => {
    writtenBytes += sizeBytes;
    if (state !== "ends" || writtenBytes < cutAfterBytes) return;
    state = "was cut";
    cut();
  };
  const giveDown = (bytes: Buffer, isMarked: boolean): Buffer => {
    if (isMarked) turns.giveDown();
    counts.bytesDown += bytes.length;
    return bytes;
  };
  const counts: Counts = {
    bytesUp: 0,
    bytesDown: 0,
    turns,
    up: { onTake: () => turns.takeUp(), onGive: giveUp, onGiven: countWritten },
    down: { onTake: () => turns.takeDown(), onGive: giveDown, onGiven: () => {} },
  };
  return counts;
}
