// What is counted beside the time: bytes on the wire, and round trips.
import { orderPush, type Sending } from "./contenders.ts";
import type { EnginePush } from "./engine.ts";
import { measureCompressed, type ChangedSet } from "./workloads.ts";

/** Figures by name. */
export type Figures = ReadonlyMap<"bytes sent against changed files" | "round trips after the handshake", number>;

/** Compares what is sent for a change with the changed files, compressed one by one. */
export function startByteCount(set: ChangedSet): {
  onPushed(pushed: EnginePush): void;
  readFigures(): Promise<Figures>;
} {
  let sentBytes = Number.NaN;
  return {
    onPushed: (pushed) => {
      sentBytes = pushed.sentBytes;
    },
    readFigures: async () => {
      const compressedBytes = await measureCompressed(set.folder, set.changed);
      return new Map([["bytes sent against changed files", sentBytes / compressedBytes]]);
    },
  };
}

/** Counts the round trips of a push that has nothing to send, without those of a connection that does nothing. */
export async function countRoundTrips({ stand, route, before, set }: Sending): Promise<Figures> {
  const { line } = route;
  const { engine } = stand;
  if (line === undefined) return new Map();
  const order = orderPush(stand, route, set, await before.prepare());
  const count = async (act: () => Promise<unknown>): Promise<number> => {
    const { roundTrips } = await line.readCounters();
    await act();
    return (await line.readCounters()).roundTrips - roundTrips;
  };
  const handshake = await count(async () => engine.connect(order));
  const all = await count(async () => engine.runPush(order));
  return new Map([["round trips after the handshake", all - handshake]]);
}
