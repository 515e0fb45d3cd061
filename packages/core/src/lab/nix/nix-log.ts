// Reads Nix's `--log-format internal-json`: one `@nix {…}` a line on stderr. The numbers are those of Nix's
// src/libutil/logging.hh, unchanged from 2.8 to 2.34.
import { stripVTControlCharacters } from "node:util";
import * as z from "zod";

/** How far a build is. */
export interface BuildProgress {
  readonly done: number;
  readonly expected: number;
  readonly running: number;
  /** The derivation that was begun last, by name. */
  readonly building?: string;
}

const ACTIVITY_BUILDS = 104;
const ACTIVITY_BUILD = 105;
const RESULT_BUILD_LOG_LINE = 101;
const RESULT_PROGRESS = 105;
const LEVEL_ERROR = 0;
const LINES_KEPT = 40;

const Entry = z.discriminatedUnion("action", [
  z.object({ action: z.literal("start"), id: z.number(), type: z.number(), fields: z.array(z.unknown()).optional() }),
  z.object({ action: z.literal("result"), id: z.number(), type: z.number(), fields: z.array(z.unknown()) }),
  z.object({ action: z.literal("stop"), id: z.number() }),
  z.object({ action: z.literal("msg"), level: z.number(), msg: z.string(), raw_msg: z.string().optional() }),
]);
const Counts = z.tuple([z.number(), z.number(), z.number()], z.unknown());

/** What a Nix command said, gathered line by line. */
export interface NixLog {
  add(line: string): void;
  /** The lines of its errors, without colours. */
  readonly errors: readonly string[];
  /** The last lines that builders wrote. */
  readonly builderLines: readonly string[];
}

/** Starts gathering; `onProgress` hears of every change in the count of builds. */
export function startNixLog(onProgress: (progress: BuildProgress) => void): NixLog {
  const errors: string[] = [];
  const builderLines: string[] = [];
  const builds = new Set<number>();
  let progress: BuildProgress = { done: 0, expected: 0, running: 0 };
  const report = (change: Partial<BuildProgress>): void => onProgress((progress = { ...progress, ...change }));
  return {
    errors,
    builderLines,
    add(line) {
      const entry = parseEntry(line);
      if (entry === undefined) return;
      if (entry.action === "msg" && entry.level === LEVEL_ERROR) errors.push(...splitText(entry.msg));
      if (entry.action === "start" && entry.type === ACTIVITY_BUILDS) builds.add(entry.id);
      if (entry.action === "start" && entry.type === ACTIVITY_BUILD)
        report({ building: nameDerivation(entry.fields?.[0]) });
      if (entry.action !== "result") return;
      if (entry.type === RESULT_BUILD_LOG_LINE) keepLast(builderLines, splitText(String(entry.fields[0])));
      const counts = Counts.safeParse(entry.fields).data;
      if (entry.type === RESULT_PROGRESS && builds.has(entry.id) && counts !== undefined) {
        report({ done: counts[0], expected: counts[1], running: counts[2] });
      }
    },
  };
}

function parseEntry(line: string): z.infer<typeof Entry> | undefined {
  if (!line.startsWith("@nix ")) return undefined;
  try {
    return Entry.safeParse(JSON.parse(line.slice("@nix ".length))).data;
  } catch {
    // A line that is no JSON tells nothing; Nix's exit code decides.
    return undefined;
  }
}

function splitText(text: string): string[] {
  return stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}

function keepLast(lines: string[], more: readonly string[]): void {
  lines.push(...more);
  lines.splice(0, Math.max(0, lines.length - LINES_KEPT));
}

function nameDerivation(path: unknown): string {
  return String(path)
    .replace(/^.*\/[0-9a-z]{32}-/, "")
    .replace(/\.drv$/, "");
}
