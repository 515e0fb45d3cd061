import { JobEvent, type EventReceipt } from "@repx/core/model";
import { renderIssues } from "./issues.ts";

/** An event with the number of its line, from 1. */
export interface EventLine {
  readonly line: number;
  readonly event: JobEvent;
}

/** Reads newline-delimited JSON; a bad line is listed and does not spoil the others, an empty one is passed over. */
export function parseEventLines(text: string): { events: EventLine[]; rejected: EventReceipt["rejected"] } {
  const events: EventLine[] = [];
  const rejected: EventReceipt["rejected"] = [];
  for (const [index, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = index + 1;
    const parsed = parseLine(source);
    if (typeof parsed === "string") rejected.push({ line, message: parsed });
    else events.push({ line, event: parsed });
  }
  return { events, rejected };
}

function parseLine(source: string): JobEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    // The parser's message quotes the line, which may hold anything.
    return "not JSON";
  }
  const parsed = JobEvent.safeParse(value);
  return parsed.success ? parsed.data : renderIssues(parsed.error);
}
