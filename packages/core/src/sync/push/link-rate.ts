/** Measures how many bytes a link takes while it is given some. */
export interface LinkRate {
  /** Something begins to be sent; the answer takes its bytes as they go, and its end. */
  begin(): { add: (bytes: number) => void; end: () => void };
  /** Undefined before enough was sent to tell. */
  read(): number | undefined;
  /** Settles at the end of the first thing that is sent, or when it is told that nothing will be. */
  readonly first: Promise<void>;
  readonly giveUp: () => void;
}

/** Less than this may lie in buffers: it says nothing of the link. */
const LEAST_BYTES = 12 << 20;

/** Starts with nothing known; `now` gives milliseconds that only grow. */
export function startLinkRate(now: () => number): LinkRate {
  const { promise: first, resolve: giveUp } = Promise.withResolvers<void>();
  let [bytes, busyMs, active, sinceMs] = [0, 0, 0, 0];
  return {
    first,
    giveUp,
    begin() {
      let state: "waits" | "goes" | "ended" = "waits";
      return {
        add: (more) => {
          // Before its first bytes a command has yet to start: that time is not the link's.
          if (state === "waits") {
            if (active === 0) sinceMs = now();
            active += 1;
            state = "goes";
          }
          bytes += more;
        },
        end: () => {
          if (state === "ended") return;
          if (state === "goes") active -= 1;
          if (state === "goes" && active === 0) busyMs += now() - sinceMs;
          state = "ended";
          giveUp();
        },
      };
    },
    read() {
      const ms = busyMs + (active === 0 ? 0 : now() - sinceMs);
      return bytes < LEAST_BYTES || ms <= 0 ? undefined : bytes / (ms / 1000);
    },
  };
}
