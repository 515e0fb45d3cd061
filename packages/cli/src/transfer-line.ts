// How far a transfer is, told to a person: one line that is drawn anew on a terminal, a line every few seconds elsewhere.
import { renderBytes } from "@repx/core/model";
import { renderNumber } from "./count.ts";
import type { Screen } from "./screen.ts";

/** How far a transfer is; `secondsLeft` is missing while nobody can tell. */
export interface TransferState {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneFiles: number;
  readonly totalFiles: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft?: number;
}

/** Tells how far a transfer is. */
export interface TransferLine {
  show(state: TransferState): void;
  /** Ends it: on a terminal nothing of it stays. */
  close(): void;
}

/** On a terminal: faster than anybody reads, slower than a terminal at the end of a slow line. */
const REDRAW_MS = 100;
const QUIET_MS = 5000;

/** Opens the line; `now` is a clock in milliseconds. */
export function openTransferLine(
  screen: Pick<Screen, "isNoteTerminal" | "note" | "showBar">,
  now: () => number = () => performance.now(),
): TransferLine {
  // Elsewhere a transfer that is over at once says nothing but its end.
  let saidMs = screen.isNoteTerminal ? Number.NEGATIVE_INFINITY : now();
  return {
    show(state) {
      if (now() - saidMs < (screen.isNoteTerminal ? REDRAW_MS : QUIET_MS)) return;
      saidMs = now();
      if (screen.isNoteTerminal) screen.showBar(renderTransfer(state));
      else screen.note(renderTransfer(state));
    },
    close() {
      if (screen.isNoteTerminal) screen.showBar("");
    },
  };
}

/** Renders how far a transfer is in at most 79 columns. */
export function renderTransfer(state: TransferState): string {
  const { doneBytes, totalBytes, doneFiles, totalFiles, bytesPerSecond, secondsLeft } = state;
  return [
    `${renderBytes(doneBytes)} of ${renderBytes(totalBytes)}`,
    `${renderNumber(doneFiles)} of ${renderNumber(totalFiles)} files`,
    `${renderBytes(bytesPerSecond)}/s`,
    ...(secondsLeft === undefined ? [] : [`${renderDuration(secondsLeft)} left`]),
  ].join(", ");
}

/** Renders a duration by its two largest units. */
export function renderDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 100 ? `${hours} h ${minutes % 60} min` : "days";
}
