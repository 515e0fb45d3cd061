// Where a resources.toml asks for a job's memory and time, for a mark at that line. The parser tells no lines, so headers are looked for.
import type { SourceLine } from "../../model/protocol.ts";
import { isMatch, type Resources } from "./resources.ts";

/** A resources file as a repository has it. */
export interface ResourcesText {
  /** Below the repository's top. */
  readonly path: string;
  readonly text: string;
}

/** Finds the line of the last rule that matches a job and asks for memory or time, else of the defaults that do. */
export function locateRule(
  { path, text }: ResourcesText,
  { rules, defaults }: Resources,
  job: { readonly id: string; readonly target: string },
): SourceLine | undefined {
  const index = rules.findLastIndex((rule) => isAsking(rule) && isMatch(rule, job));
  const headers = findHeaders(text, index === -1 ? /^\s*\[\s*defaults\s*\]/ : /^\s*\[\[\s*rules\s*\]\]/);
  if (index === -1) return isAsking(defaults) ? toPlace(path, headers[0]) : undefined;
  // Rules that are written otherwise (`rules = [{ … }]`) have no header of their own.
  return headers.length === rules.length ? toPlace(path, headers[index]) : undefined;
}

function isAsking({ mem, time }: Resources["defaults"]): boolean {
  return mem !== undefined || time !== undefined;
}

function findHeaders(text: string, header: RegExp): number[] {
  return text.split("\n").flatMap((line, index) => (header.test(line) ? [index + 1] : []));
}

function toPlace(path: string, line: number | undefined): SourceLine | undefined {
  return line === undefined ? undefined : { path, line };
}
