import { COMMON_FLAGS, LAB_FLAGS, type Command, type Flag, type WordKind } from "./command.ts";
import { findCommandWord, LAST_WORDS } from "./command-word.ts";

/** A word that may stand at the cursor, with what it means. */
export interface Candidate {
  readonly word: string;
  readonly meaning?: string;
}

/** What may stand at the cursor; files are looked up by the shell, which does it better. */
export type Completion = { readonly files: "file" | "folder" } | { readonly candidates: readonly Candidate[] };

/** Looks up the names of a Lab for a word that is begun. */
export type NameReader = (kind: WordKind, labPath: string, begun: string) => Promise<readonly Candidate[]>;

/** Answers what may stand in the place of the last word, which is begun or empty; the words come after `repx`. */
export async function completeWords(
  words: readonly string[],
  commands: readonly Command[],
  readNames: NameReader,
): Promise<Completion> {
  const begun = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const at = findCommandWord(before);
  const command = commands.find(({ name }) => name === before[at]);
  if (at === before.length) return completeProgram(begun, before, commands);
  if (command === undefined) return { candidates: [] };
  const flags: Readonly<Record<string, Flag>> = { ...command.flags, ...COMMON_FLAGS };
  const labPath = readLab(before);
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(begun) ?? [];
  if (name !== undefined && value !== undefined) {
    const answer = await completeValue(findFlag(name, flags) ?? {}, value, labPath, readNames);
    if ("files" in answer) return answer;
    return { candidates: answer.candidates.map(({ word }) => ({ word: `${name}=${word}` })) };
  }
  const flag = findFlag(before.at(-1) ?? "", flags);
  if (flag?.value !== undefined) return completeValue(flag, begun, labPath, readNames);
  if (begun.startsWith("-")) return { candidates: listFlagWords(flags, before).filter(startsWith(begun)) };
  const last = command.operands.at(-1);
  const next = command.operands[countOperands(before.toSpliced(at, 1), flags)];
  const operand = next ?? (last?.isRepeatable === true ? last : undefined);
  return operand === undefined ? { candidates: [] } : completeValue(operand, begun, labPath, readNames);
}

function completeProgram(begun: string, before: readonly string[], commands: readonly Command[]): Completion {
  if (["--lab", "-l", "--target"].includes(before.at(-1) ?? "")) return { files: "file" };
  if (begun.startsWith("-")) return { candidates: LAST_WORDS.filter(startsWith(begun)) };
  const shown = commands.filter(({ isHidden }) => isHidden !== true);
  return { candidates: shown.map(({ name, summary }) => ({ word: name, meaning: summary })).filter(startsWith(begun)) };
}

async function completeValue(
  { choices, kind }: { readonly choices?: readonly string[]; readonly kind?: WordKind },
  begun: string,
  labPath: string,
  readNames: NameReader,
): Promise<Completion> {
  if (choices !== undefined) return { candidates: choices.map((word) => ({ word })).filter(startsWith(begun)) };
  if (kind === undefined) return { candidates: [] };
  if (kind === "file" || kind === "folder") return { files: kind };
  return { candidates: (await readNames(kind, labPath, begun)).filter(startsWith(begun)) };
}

function listFlagWords(flags: Readonly<Record<string, Flag>>, before: readonly string[]): Candidate[] {
  return Object.entries(flags)
    .filter(([name, { isRepeatable }]) => isRepeatable === true || !before.includes(`--${name}`))
    .map(([name, { summary }]) => ({ word: `--${name}`, meaning: summary }));
}

function findFlag(word: string, flags: Readonly<Record<string, Flag>>): Flag | undefined {
  return Object.entries(flags).find(
    ([name, { short }]) => word === `--${name}` || (short !== undefined && word === `-${short}`),
  )?.[1];
}

function countOperands(words: readonly string[], flags: Readonly<Record<string, Flag>>): number {
  return words.filter(
    (word, index) => !word.startsWith("-") && findFlag(words[index - 1] ?? "", flags)?.value === undefined,
  ).length;
}

function readLab(words: readonly string[]): string {
  const inline = words.find((word) => word.startsWith("--lab="));
  if (inline !== undefined) return inline.slice("--lab=".length);
  const at = words.findIndex((word) => word === "--lab" || word === "-l");
  return (at === -1 ? undefined : words[at + 1]) ?? LAB_FLAGS.lab.fallback;
}

function startsWith(begun: string): (candidate: Candidate) => boolean {
  return ({ word }) => word.startsWith(begun);
}
