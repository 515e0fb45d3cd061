import type { Screen } from "./screen.ts";

/** What the shell's completion offers for a word. */
export type WordKind = "run" | "job" | "file" | "folder" | "stage";

/** A word of a command that has no dashes. */
export interface Operand {
  /** In capitals, `JOB`; a choice is written as its words. */
  readonly name: string;
  readonly summary: string;
  readonly isOptional?: boolean;
  /** Whether more words may follow it; of the last one alone. */
  readonly isRepeatable?: boolean;
  /** The words that may stand here; any when not given. */
  readonly choices?: readonly string[];
  readonly kind?: WordKind;
}

/** A word that begins with dashes; it is a switch where it has no `value`. */
export interface Flag {
  readonly summary: string;
  /** One letter. */
  readonly short?: string;
  /** The name of its value in the help, `PATH`. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly isRepeatable?: boolean;
  readonly kind?: WordKind;
  /** What holds when it is not given, for the help. */
  readonly fallback?: string;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** Begins with a verb, has no full stop. */
  readonly summary: string;
  /** What the help says below the summary, one paragraph. */
  readonly description?: string;
  readonly operands: readonly Operand[];
  /** By long name, without dashes; `json` and `help` are added to every command. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** Not listed in the help, not completed. */
  readonly isHidden?: boolean;
  /** Answers the exit status: 0 when all is well, 1 when what was asked for turned out badly. */
  run(call: CommandCall): Promise<number>;
}

/** A command line that was understood. */
export interface CommandCall {
  /** The operands as they were given. */
  readonly operands: readonly string[];
  /** The value of a flag, of a repeated one the last. */
  readonly text: (flag: string) => string | undefined;
  /** Every value of a flag, in order. */
  readonly texts: (flag: string) => readonly string[];
  /** Whether a switch or a flag was given. */
  readonly isSet: (flag: string) => boolean;
  readonly screen: Screen;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The flags of every command that looks at a Lab. */
export const LAB_FLAGS = {
  lab: {
    short: "l",
    value: "PATH",
    kind: "file",
    summary: "the Lab: a folder, a link that `repx build` left, or a .tar or .tar.zst of it",
    fallback: "./result",
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** The flags of every command that also looks at what jobs left on a target. */
export const TARGET_FLAGS = {
  ...LAB_FLAGS,
  target: {
    value: "PATH|NAME",
    kind: "folder",
    summary: "where the jobs ran: a base path on this machine, or a target of .repx/config.toml that is this machine",
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** The flags that every command has. */
export const COMMON_FLAGS = {
  json: { summary: "print JSON instead of text" },
  help: { short: "h", summary: "print this text" },
} as const satisfies Readonly<Record<string, Flag>>;
