import { parseArgs } from "node:util";
import { RepxError } from "@repx/core/model";
import { advise } from "./advise.ts";
import { COMMON_FLAGS, type Command, type CommandCall, type Flag, type Operand } from "./command.ts";
import { findCommandWord } from "./command-word.ts";

/** What a command line asks for. */
export type Request =
  | { readonly kind: "version" }
  /** The help of a command, or of the program. */
  | { readonly kind: "help"; readonly command?: Command }
  | { readonly kind: "command"; readonly command: Command; readonly line: CommandLine };

/** The words of a command line, told apart and checked. */
export type CommandLine = Pick<CommandCall, "operands" | "text" | "texts" | "isSet">;

/** Understands a command line; INPUT_INVALID and INPUT_MISSING say what is wrong with it. */
export function parseCommandLine(words: readonly string[], commands: readonly Command[]): Request {
  const at = findCommandWord(words);
  const name = words[at];
  if (name === undefined) return parseWithoutCommand(words);
  if (name === "help") return parseHelp(words.slice(at + 1), commands);
  const command = chooseCommand(name, commands);
  const rest = words.filter((_, index) => index !== at);
  // Whoever asks for help may have written the rest wrongly.
  if (asksForHelp(rest)) return { kind: "help", command };
  return { kind: "command", command, line: parseWords(rest, command) };
}

function parseWithoutCommand(words: readonly string[]): Request {
  if (words.includes("--version") || words.includes("-V")) return { kind: "version" };
  const odd = words.find((word) => !["--help", "-h"].includes(word));
  if (odd === undefined) return { kind: "help" };
  throw new RepxError("INPUT_MISSING", `there is no command, only ${words.join(" ")}`, {
    hint: "Write a command first: `repx --help` lists them.",
  });
}

function parseHelp(words: readonly string[], commands: readonly Command[]): Request {
  const [name] = words;
  return name === undefined || name.startsWith("-")
    ? { kind: "help" }
    : { kind: "help", command: chooseCommand(name, commands) };
}

function chooseCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = commands.filter(({ isHidden }) => isHidden !== true).map((one) => one.name);
  throw new RepxError("INPUT_INVALID", `there is no command ${JSON.stringify(name)}`, {
    hint: advise(name, [...names, "--version"], `The commands are ${names.join(", ")}.`),
  });
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

function parseWords(words: readonly string[], command: Command): CommandLine {
  const flags: Readonly<Record<string, Flag>> = { ...COMMON_FLAGS, ...command.flags };
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { short, value }]) => [
      name,
      { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) } as const,
    ]),
  );
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const flag = flags[token.name];
    if (flag === undefined || !Object.hasOwn(flags, token.name)) throw refuseFlag(token.rawName, command, flags);
    const value = readValue(token, flag);
    const earlier = values.get(token.name) ?? [];
    if (earlier.length > 0 && flag.value !== undefined && flag.isRepeatable !== true) {
      throw refuse(`${token.rawName} is given twice`, command);
    }
    values.set(token.name, [...earlier, value]);
  }
  checkOperands(operands, command);
  return {
    operands,
    text: (name) => values.get(name)?.at(-1),
    texts: (name) => values.get(name) ?? [],
    isSet: (name) => values.has(name),
  };
}

function readValue(
  { rawName, value, inlineValue }: { rawName: string; value: unknown; inlineValue: boolean | undefined },
  flag: Flag,
): string {
  if (flag.value === undefined) {
    if (inlineValue !== true) return "";
    throw new RepxError("INPUT_INVALID", `${rawName} takes no value`, { hint: `Write ${rawName} alone.` });
  }
  if (typeof value !== "string" || value === "" || (inlineValue !== true && /^-./.test(value))) {
    const example = flag.choices === undefined ? flag.value : flag.choices.join("|");
    throw new RepxError("INPUT_MISSING", `${rawName} needs a value`, { hint: `Write ${rawName} ${example}.` });
  }
  if (flag.choices !== undefined && !flag.choices.includes(value)) throw refuseChoice(rawName, value, flag.choices);
  return value;
}

function checkOperands(operands: readonly string[], command: Command): void {
  for (const [index, operand] of command.operands.entries()) {
    const word = operands[index];
    if (word === undefined) {
      if (operand.isOptional === true) return;
      const what = operand.choices === undefined ? operand.name : `one of ${operand.choices.join(", ")}`;
      throw new RepxError("INPUT_MISSING", `\`repx ${command.name}\` needs ${what}`, { hint: adviseUsage(command) });
    }
    checkOperand(word, operand, command, command.operands[index + 1]);
  }
  const extra = command.operands.at(-1)?.isRepeatable === true ? undefined : operands[command.operands.length];
  if (extra !== undefined) throw refuse(`\`repx ${command.name}\` has no use for ${JSON.stringify(extra)}`, command);
}

function checkOperand(
  word: string,
  { name, choices, isRepeatable }: Operand,
  command: Command,
  next: Operand | undefined,
): void {
  if (word === "" && isRepeatable !== true)
    throw new RepxError("INPUT_INVALID", `${name} is empty`, { hint: `Give ${name} a value.` });
  if (choices !== undefined && !choices.includes(word)) {
    const order = next === undefined ? "" : `; ${next.name} comes after it`;
    throw refuseChoice(`the word after \`repx ${command.name}\``, word, choices, order);
  }
}

function refuseFlag(rawName: string, command: Command, flags: Readonly<Record<string, Flag>>): RepxError {
  const known = Object.keys(flags).map((name) => `--${name}`);
  return new RepxError("INPUT_INVALID", `\`repx ${command.name}\` has no flag ${rawName}`, {
    hint: advise(rawName, rawName.startsWith("--") ? known : [], `Its flags are ${known.join(", ")}.`),
  });
}

function refuseChoice(name: string, word: string, choices: readonly string[], more = ""): RepxError {
  return new RepxError("INPUT_INVALID", `${name} is ${JSON.stringify(word)}`, {
    hint: advise(word, choices, `It is one of ${choices.join(", ")}${more}.`),
  });
}

function refuse(message: string, command: Command): RepxError {
  return new RepxError("INPUT_INVALID", message, { hint: adviseUsage(command) });
}

function adviseUsage({ name }: Command): string {
  return `See \`repx ${name} --help\`.`;
}
