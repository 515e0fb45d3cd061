// Questions to the person at the terminal. Only where stdin and stderr both are one: an answer is never taken from a pipe.
import { createInterface } from "node:readline/promises";
import type { Screen } from "./screen.ts";

/** Whether somebody is there to be asked. */
export function canAskPerson(screen: Pick<Screen, "isNoteTerminal">): boolean {
  return process.stdin.isTTY && screen.isNoteTerminal;
}

/** Asks a question and waits for a line; undefined when there is none (Ctrl-D), or none is wanted any more. */
export async function askPerson(question: string, signal: AbortSignal): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<undefined>((resolve) => void reader.once("close", () => resolve(undefined)));
  const stop = (): void => {
    process.stderr.write("\n");
    reader.close();
  };
  signal.addEventListener("abort", stop, { once: true });
  reader.once("SIGINT", () => process.exit(130));
  try {
    return await Promise.race([reader.question(question), ended]);
  } finally {
    signal.removeEventListener("abort", stop);
    reader.close();
    // Or a command that is done would wait for more to be typed.
    process.stdin.pause();
  }
}

const KEYS = { interrupt: "\u0003", end: "\u0004", wipe: "\u0015", back: ["\u0008", "\u007f"], enter: ["\r", "\n"] };

/** Asks for a secret, of which nothing is shown; undefined when there is none (Ctrl-D on an empty line), or none is wanted any more. */
export async function askSecret(question: string, signal: AbortSignal): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  const { stdin, stderr } = process;
  // First: what is typed from the question on is not to be seen.
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stderr.write(question);
  try {
    return await readSecret(stdin, signal);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

async function readSecret(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const typed: string[] = [];
    const end = (answer: string | undefined): void => {
      stdin.off("data", take);
      signal.removeEventListener("abort", stop);
      resolve(answer);
    };
    const stop = (): void => end(undefined);
    const take = (text: string): void => {
      const keys = Array.from(text);
      for (const [at, key] of keys.entries()) {
        // Raw mode ends with the process.
        if (key === KEYS.interrupt) process.exit(130);
        if (KEYS.enter.includes(key) || (key === KEYS.end && typed.length === 0)) {
          end(key === KEYS.end ? undefined : typed.join(""));
          // What was typed ahead is for the next question.
          const rest = keys.slice(at + 1).join("");
          if (rest !== "") stdin.unshift(rest, "utf8");
          return;
        }
        if (KEYS.back.includes(key)) typed.pop();
        else if (key === KEYS.wipe) typed.length = 0;
        else if (key !== KEYS.end) typed.push(key);
      }
    };
    signal.addEventListener("abort", stop, { once: true });
    stdin.on("data", take);
    stdin.resume();
  });
}
