import { COMMON_FLAGS, TARGET_FLAGS } from "./command.ts";

/** The flags that may stand before the command and take a value. */
const VALUED: readonly string[] = Object.entries(TARGET_FLAGS).flatMap(([name, flag]) => [
  `--${name}`,
  ...("short" in flag ? [`-${flag.short}`] : []),
]);

/** The flags that mean something without a command. */
export const LAST_WORDS = [
  { word: "--help", meaning: COMMON_FLAGS.help.summary },
  { word: "--version", meaning: "print the version" },
];

/** Finds the command: the first word without dashes that is not the value of a flag; the number of words when there is none. */
export function findCommandWord(words: readonly string[]): number {
  const at = words.findIndex((word, index) => !word.startsWith("-") && !VALUED.includes(words[index - 1] ?? ""));
  return at === -1 ? words.length : at;
}
