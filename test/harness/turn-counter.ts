/** Counts how often a client waits for a server; `NetworkLine` says what counts. */
export interface TurnCounter {
  readonly roundTrips: number;
  /** Bytes of the client come in; whether they are to be marked. The same of the server. */
  takeUp(): boolean;
  takeDown(): boolean;
  /** Marked bytes arrive at the server, or at the client. */
  giveUp(): void;
  giveDown(): void;
  /** What was under way is lost. */
  forget(): void;
}

/** Starts with nothing under way. */
export function startTurnCounter(): TurnCounter {
  let state: "quiet" | "going up" | "arrived" | "coming down" = "quiet";
  let roundTrips = 0;
  const step = (from: typeof state, to: typeof state) => (): boolean => {
    if (state !== from) return false;
    state = to;
    return true;
  };
  const finish = step("coming down", "quiet");
  return {
    get roundTrips() {
      return roundTrips;
    },
    takeUp: step("quiet", "going up"),
    giveUp: step("going up", "arrived"),
    takeDown: step("arrived", "coming down"),
    giveDown: () => {
      if (finish()) roundTrips += 1;
    },
    forget: () => {
      state = "quiet";
    },
  };
}
