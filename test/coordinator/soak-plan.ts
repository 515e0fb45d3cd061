// What the soak sends, from one seed: every event, some twice, some after a later one. Pure.
import { renderEvent } from "./coordinator-stand.ts";

/** So that a run can be had again: mulberry32, 32 bits of state. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How a job shall have ended. */
export type Ending = "succeeded" | "failed" | "timed_out";

const ENDS = {
  succeeded: { state: "COMPLETED", fields: {} },
  failed: { state: "FAILED", fields: { exitCode: 3, logTail: "no grid.txt" } },
  timed_out: { state: "TIMEOUT", fields: { reason: "TimeLimit" } },
} as const satisfies Record<Ending, { state: string; fields: object }>;

export interface SoakPlan {
  /** Lines to send, in this order; a batch is a slice of them. */
  readonly lines: readonly string[];
  /** How many different events there are among them. */
  readonly events: number;
  /** By the number of the job. */
  readonly endings: readonly Ending[];
}

const START = Date.parse("2026-11-01T10:00:00Z");

/** Plans the events of one submission: each job begins and ends, so many are sent twice, so many change places. */
export function planSoak(
  random: () => number,
  { jobs, duplicates, misplaced }: { readonly jobs: number; readonly duplicates: number; readonly misplaced: number },
): SoakPlan {
  const endings = Array.from({ length: jobs }, (_, nth) => chooseEnding(random(), nth));
  const lines: string[] = [];
  for (const [nth, ending] of endings.entries()) {
    const { state, fields } = ENDS[ending];
    const at = (seconds: number) => new Date(START + (nth * 10 + seconds) * 1000).toISOString();
    lines.push(
      JSON.stringify(renderEvent(nth, "RUNNING", { at: at(0) })),
      JSON.stringify(renderEvent(nth, state, { ...fields, at: at(9) })),
    );
  }
  const events = lines.length;
  // Half of the misplaced are swapped with the other half: first an end before its start, then any distance.
  for (let swap = 0; swap < (events * misplaced) / 2; swap += 1) {
    const from = Math.floor(random() * events);
    const to = swap % 2 === 0 ? from ^ 1 : Math.floor(random() * events);
    const [left = "", right = ""] = [lines[from], lines[to]];
    [lines[from], lines[to]] = [right, left];
  }
  for (let copy = 0; copy < events * duplicates; copy += 1) {
    const [from, to] = [Math.floor(random() * lines.length), Math.floor(random() * lines.length)];
    lines.splice(to, 0, lines[from] ?? "");
  }
  return { lines, events, endings };
}

/** The first job fails, so that every submission has a conclusion that is not the easy one. */
function chooseEnding(chance: number, nth: number): Ending {
  if (nth === 0 || chance < 0.02) return "failed";
  return chance < 0.03 ? "timed_out" : "succeeded";
}
