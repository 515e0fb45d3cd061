import type { Writable } from "node:stream";

/** Writes all of a source to a sink at the sink's pace; stops early, without error, when `ended` settles. */
export async function writeAll(
  sink: Writable,
  source: AsyncIterable<Uint8Array>,
  ended: Promise<unknown>,
): Promise<void> {
  const state = { isOver: false };
  const markOver = (): "over" => {
    state.isOver = true;
    return "over";
  };
  const over = ended.then(markOver, markOver);
  const iterator = source[Symbol.asyncIterator]();
  while (!state.isOver && !sink.destroyed) {
    const next = await Promise.race([iterator.next(), over]);
    if (next === "over") {
      // Not awaited: a generator that still waits for its own source would answer only after that.
      void iterator.return?.().catch(() => {});
      return;
    }
    if (next.done === true) return;
    if (!sink.write(next.value)) await Promise.race([over, waitForDrain(sink)]);
  }
  await iterator.return?.();
}

async function waitForDrain(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      sink.off("drain", done).off("close", done);
      resolve();
    };
    sink.on("drain", done).on("close", done);
  });
}
