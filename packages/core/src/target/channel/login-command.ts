// What sshd hands to a user's login shell, whichever that is: `<shell> -c <command>`. The command is written so that sh,
// bash, zsh, ksh, csh and fish all read it alike, and says a mark before its own first word, since start-up files print.
import { randomBytes } from "node:crypto";
import { RepxError } from "../../model/errors.ts";
import { quoteShell, showWord } from "../command/quote.ts";
import type { Output, RunRequest } from "../command/run-request.ts";

/** Longest text that Linux takes as one argument (MAX_ARG_STRLEN, 32 pages), without the NUL at its end. */
const ARGUMENT_LIMIT_BYTES = 131_071;
/** How much of what a shell prints before its command is kept, to be shown when no command comes. */
const KEPT_BYTES = 4096;
const SHOWN_LENGTH = 200;

/** Two lines that a login shell cannot print by chance, nor by echoing the command that has them in halves. */
export interface LoginMark {
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes a mark for one command. */
export function makeLoginMark(): LoginMark {
  const [left, right] = [randomBytes(8).toString("hex"), randomBytes(8).toString("hex")];
  return { stdout: left + right, stderr: right + left };
}

/** Renders words as one command that every login shell understands as exactly these words; it prints the mark first. */
export function renderLoginCommand(argv: readonly string[], mark: LoginMark): string {
  const [left, right] = [mark.stdout.slice(0, 16), mark.stdout.slice(16)];
  // stderr first: where a start-up file joined the two, what is before the mark of stdout is dropped with it.
  const script = String.raw`printf "%s\n" "$2$1" >&2; printf "%s\n" "$1$2"; eval "exec $(printf %b "$0")"`;
  const command = `exec /bin/sh -c '${script}' '${encode(quoteShell(argv))}' '${left}' '${right}'`;
  if (command.length > ARGUMENT_LIMIT_BYTES) {
    throw new TypeError(`a command of ${command.length} bytes is longer than an argument may be; send it on stdin`);
  }
  return command;
}

/**
 * Writes a text for `printf %b`. Between single quotes csh minds `!` and line feeds, fish minds `\\` and `\'`, and fish
 * keeps some characters of Unicode for itself: none of them are left.
 */
function encode(text: string): string {
  return text.replaceAll(/[^ -~]|['\\!]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join(""),
  );
}

/** Drops what comes before a mark. */
export interface LoginFilter {
  /** The part of a chunk that is the command's own, where there is one. */
  take(chunk: Buffer): Buffer | undefined;
  readonly isPassed: () => boolean;
  /** The end of what came while no mark did. */
  printed(): string;
}

/** Starts waiting for a mark in a stream. */
export function startLoginFilter(mark: string): LoginFilter {
  let held = Buffer.alloc(0);
  let isPassed = false;
  return {
    take(chunk) {
      if (isPassed) return chunk;
      const all = Buffer.concat([held, chunk]);
      const found = all.indexOf(mark);
      // A terminal has a carriage return before it.
      const end = found === -1 ? -1 : all.indexOf("\n", found);
      isPassed = end !== -1;
      if (!isPassed) {
        // Longer than the mark, whose beginning may lie in it.
        held = all.subarray(-KEPT_BYTES);
        return undefined;
      }
      held = Buffer.alloc(0);
      const own = all.subarray(end + 1);
      return own.length === 0 ? undefined : own;
    },
    isPassed: () => isPassed,
    printed: () => held.toString("utf8"),
  };
}

/** The error for a login shell that ended and had not started the command. */
export function describeFailedLogin(request: RunRequest, where: string, output: Output): RepxError {
  const how = output.signal === undefined ? `ended with ${output.exitCode}` : `was ended by ${output.signal}`;
  const message = `the login shell of ${where} ${how} before it started \`${request.argv[0] ?? ""}\`${quoteLastWords(output)}`;
  return new RepxError("SSH_LOGIN_SHELL_FAILED", message, {
    hint: `Look at the user's start-up files there (.bashrc, .zshenv, .cshrc, config.fish): without a terminal, too, they must not end the shell. Try \`ssh ${showWord(`ssh://${where}`)} true\`.`,
    details: output,
  });
}

/** The error for a login shell that has not started the command in its time. */
export function describeSlowLogin(request: RunRequest, where: string, seconds: number, output: Output): RepxError {
  const message = `the login shell of ${where} did not start \`${request.argv[0] ?? ""}\` within ${seconds} seconds${quoteLastWords(output)}`;
  return new RepxError("SSH_TIMEOUT", message, {
    hint: `See whether a start-up file there waits for input or for a slow file system: \`ssh ${showWord(`ssh://${where}`)} true\`.`,
    details: output,
  });
}

function quoteLastWords({ stdout, stderr }: Output): string {
  const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.replaceAll(/\p{Cc}+/gu, " ").trim());
  const said = lines.findLast((line) => line !== "");
  return said === undefined ? " and printed nothing" : `; it printed last: ${said.slice(-SHOWN_LENGTH)}`;
}
