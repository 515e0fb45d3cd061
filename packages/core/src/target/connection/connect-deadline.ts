/** The time that connecting may take, over all hops; it stands still while a person is asked. */
export interface ConnectDeadline {
  /** Rejects when the time is over; never settles otherwise. */
  readonly passed: Promise<never>;
  /** Aborts when the time is over or connecting has ended. */
  readonly signal: AbortSignal;
  /** Runs a question to a person, which is to end when the signal aborts. */
  pauseFor<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Whether a person is being asked. */
  readonly isPaused: () => boolean;
  readonly stop: () => void;
}

/** Starts the time; `describe` makes the error at its end. */
export function startConnectDeadline(seconds: number, describe: () => Error): ConnectDeadline {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const controller = new AbortController();
  let [leftMs, startedMs, questions, isStopped] = [seconds * 1000, performance.now(), 0, false];
  const end = (): void => {
    // First the reason, then the failures that come of aborting.
    reject(describe());
    controller.abort();
  };
  let timer = setTimeout(end, leftMs);
  return {
    passed: promise,
    signal: controller.signal,
    async pauseFor(question) {
      if (questions++ === 0) {
        clearTimeout(timer);
        leftMs -= performance.now() - startedMs;
      }
      try {
        return await question(controller.signal);
      } finally {
        if (--questions === 0 && !isStopped) {
          startedMs = performance.now();
          timer = setTimeout(end, Math.max(0, leftMs));
        }
      }
    },
    isPaused: () => questions > 0,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      controller.abort();
    },
  };
}
