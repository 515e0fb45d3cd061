import { readFileSync } from "node:fs";
import * as z from "zod";

const fileSchema = z.object({
  problemMatcher: z.array(
    z.object({
      owner: z.string(),
      severity: z.enum(["error", "warning", "notice"]).default("error"),
      pattern: z
        .array(
          z.object({
            regexp: z.string().transform((text) => new RegExp(text)),
            file: z.int().optional(),
            line: z.int().optional(),
            column: z.int().optional(),
            message: z.int().optional(),
          }),
        )
        .min(1),
    }),
  ),
});

/** A problem that consecutive lines of a log told. */
export interface Problem {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** The runner's problem matchers: each looks at every line of the log, one after the other. */
export interface ProblemMatchers {
  /** Takes a file of matchers, as `::add-matcher::` names it. */
  readonly add: (path: string) => void;
  readonly remove: (owner: string) => void;
  readonly list: () => string[];
  readonly read: (line: string) => Problem[];
}

type Matcher = z.infer<typeof fileSchema>["problemMatcher"][number];
type Found = { message?: string; file?: string; line?: string };

/** Starts with no matcher. */
export function openProblemMatchers(): ProblemMatchers {
  const matchers = new Map<string, (line: string) => Problem | undefined>();
  return {
    add(path) {
      for (const one of fileSchema.parse(JSON.parse(readFileSync(path, "utf8"))).problemMatcher)
        matchers.set(one.owner, startMatching(one));
    },
    remove: (owner) => void matchers.delete(owner),
    list: () => [...matchers.keys()],
    read: (line) => [...matchers.values()].flatMap((match) => match(line) ?? []),
  };
}

function startMatching({ pattern: patterns, severity }: Matcher): (line: string) => Problem | undefined {
  let at = 0;
  let found: Found = {};
  const step = (line: string): boolean => {
    const pattern = patterns[at];
    const groups = pattern?.regexp.exec(line);
    if (pattern === undefined || groups === null || groups === undefined) return false;
    for (const name of ["message", "file", "line"] as const) {
      const group = pattern[name];
      const text = group === undefined ? undefined : groups[group];
      if (text !== undefined) found[name] = text;
    }
    at += 1;
    return true;
  };
  const restart = (): void => {
    at = 0;
    found = {};
  };
  return (line) => {
    if (!step(line)) {
      restart();
      step(line);
    }
    if (at < patterns.length) return undefined;
    const { message = "", file, line: number } = found;
    restart();
    return {
      level: severity,
      message,
      ...(file === undefined ? {} : { file }),
      ...(number === undefined ? {} : { line: Number(number) }),
    };
  };
}
