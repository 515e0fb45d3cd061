import { JobEvent, Pulse, RepxError, type EventReceipt } from "@repx/core/model";
import { renderIssues } from "./issues.ts";

/** Most lines of one request. Each may be named in the answer, which so stays below a quarter of a megabyte. */
export const MAX_LINES = 1_000;

/** An event with the number of its line, from 1. */
export interface EventLine {
  readonly line: number;
  readonly event: JobEvent;
}

/** A batch as it was sent. */
export interface EventBatch {
  readonly events: EventLine[];
  /** The relay's last word that it watches. */
  readonly pulse?: Pulse;
  readonly rejected: EventReceipt["rejected"];
}

/** Reads newline-delimited JSON; a bad line is listed and does not spoil the others, an empty one is passed over. */
export function parseEventLines(text: string): EventBatch {
  const count = countLines(text);
  if (count > MAX_LINES) throw refuseBatch(count);
  const events: EventLine[] = [];
  const rejected: EventReceipt["rejected"] = [];
  let pulse: Pulse | undefined;
  for (const [index, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = index + 1;
    const parsed = parseLine(source);
    if (typeof parsed === "string") rejected.push({ line, message: parsed });
    else if ("pulse" in parsed) pulse = parsed;
    else events.push({ line, event: parsed });
  }
  return { events, rejected, ...(pulse !== undefined && { pulse }) };
}

/** Counts lines, empty ones too, without making any: 2 MB may be two million of them. */
function countLines(text: string): number {
  let count = text === "" || text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function parseLine(source: string): JobEvent | Pulse | string {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    // The parser's message quotes the line, which may hold anything.
    return "not JSON";
  }
  const schema = typeof value === "object" && value !== null && "pulse" in value ? Pulse : JobEvent;
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : renderIssues(parsed.error);
}

function refuseBatch(count: number): RepxError {
  return new RepxError("COORD_REQUEST_TOO_LARGE", `the batch has ${count} lines, more than ${MAX_LINES}`, {
    hint: `Send at most ${MAX_LINES} events in a request.`,
  });
}
