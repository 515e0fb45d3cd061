import type { Screen } from "../screen.ts";

/** The exit status of Ctrl-C. */
const INTERRUPTED = 130;

/** Says something when Ctrl-C ends the program before this is disposed of; nothing where there is nothing to say then. */
export function sayWhenInterrupted(screen: Screen, tell: () => string | undefined): Disposable {
  const say = (status: number): void => {
    const line = status === INTERRUPTED ? tell() : undefined;
    if (line !== undefined) screen.note(line);
  };
  process.once("exit", say);
  return { [Symbol.dispose]: () => void process.off("exit", say) };
}
