import type { Screen } from "../screen.ts";

/** The exit status of Ctrl-C. */
export const INTERRUPTED = 130;

/** Takes the first Ctrl-C for a wish, until this is disposed of; the second one ends the program. */
export function takeInterrupt(act: () => void): Disposable {
  const others = process.listeners("SIGINT");
  const giveBack = (): void => {
    process.off("SIGINT", take);
    for (const other of others) process.once("SIGINT", other);
  };
  let isTaken = false;
  const take = (): void => {
    isTaken = true;
    giveBack();
    act();
  };
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", take);
  return { [Symbol.dispose]: () => void (isTaken || giveBack()) };
}

/** Says something when Ctrl-C ends the program before this is disposed of; nothing where there is nothing to say then. */
export function sayWhenInterrupted(screen: Screen, tell: () => string | undefined): Disposable {
  const say = (status: number): void => {
    const line = status === INTERRUPTED ? tell() : undefined;
    if (line !== undefined) screen.note(line);
  };
  process.once("exit", say);
  return { [Symbol.dispose]: () => void process.off("exit", say) };
}
