import type { Readable } from "node:stream";

/** A stream that is being handed over. */
export interface Reading {
  /** Hands over no more; what still comes is dropped. */
  readonly discard: () => void;
}

/** Hands over what a stream brings; it rests while `take` has a promise open, and ends with the first failure of `take`. */
export function readAtPace(
  source: Readable,
  take: (chunk: Buffer) => void | Promise<void>,
  onFailure: (error: unknown) => void,
): Reading {
  let isOver = false;
  const discard = (): void => {
    isOver = true;
    source.resume();
  };
  const fail = (error: unknown): void => {
    discard();
    onFailure(error);
  };
  source.on("data", (chunk: Buffer) => {
    if (isOver) return;
    try {
      const taken = take(chunk);
      if (taken === undefined) return;
      source.pause();
      taken.then(() => source.resume(), fail);
    } catch (error) {
      fail(error);
    }
  });
  return { discard };
}
