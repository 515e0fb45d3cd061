/** Measures how many bytes a link takes while it is given some. */
export interface LinkRate {
  /** Something begins to be sent. */
  begin(): Transfer;
  /** Bytes a second; undefined before enough was sent to tell. */
  read(): number | undefined;
  /** Settles when the rate can be told, when the first thing has been sent, or when nothing will be. */
  readonly first: Promise<void>;
  readonly giveUp: () => void;
}

/** What one channel is given. */
export interface Transfer {
  add(bytes: number): void;
  /** There is nothing to send for now: that time is not the link's. */
  pause(): void;
  end(): void;
}

/** What one OpenSSH channel takes before anything of it has arrived: its window, in which all buffers on the way lie. */
const WINDOW_BYTES = 2 << 20;
/** Less than this beyond the windows says nothing of the link. */
const LEAST_BYTES = 2 << 20;

/** Starts with nothing known; `now` gives milliseconds that only grow. */
export function startLinkRate(now: () => number): LinkRate {
  const { promise: first, resolve: giveUp } = Promise.withResolvers<void>();
  let [bytes, busyMs, active, mostActive, sinceMs] = [0, 0, 0, 0, 0];
  const read = (): number | undefined => {
    const ms = busyMs + (active === 0 ? 0 : now() - sinceMs);
    const arrived = bytes - mostActive * WINDOW_BYTES;
    return arrived < LEAST_BYTES || ms <= 0 ? undefined : arrived / (ms / 1000);
  };
  const enter = (): void => {
    if (active === 0) sinceMs = now();
    active += 1;
    mostActive = Math.max(mostActive, active);
  };
  const leave = (): void => {
    active -= 1;
    if (active === 0) busyMs += now() - sinceMs;
  };
  return {
    first,
    giveUp,
    read,
    begin() {
      // Before its first bytes a command has yet to start: that time is not the link's.
      let isGoing = false;
      const stop = (): void => {
        if (isGoing) leave();
        isGoing = false;
      };
      return {
        add: (more) => {
          if (!isGoing) enter();
          isGoing = true;
          bytes += more;
          if (read() !== undefined) giveUp();
        },
        pause: stop,
        end: () => {
          stop();
          // Also of what was sent to nobody: others wait for it.
          giveUp();
        },
      };
    },
  };
}
