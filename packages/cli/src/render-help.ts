import { COMMON_FLAGS, type Command, type Flag, type Operand } from "./command.ts";

const COLUMNS = 80;
const INDENT = 2;
/** Names longer than this have their meaning on the line below. */
const NAME_COLUMNS = 28;

const GLOBAL_FLAGS: Readonly<Record<string, Flag>> = {
  ...COMMON_FLAGS,
  version: { short: "V", summary: "print the version" },
};

/** Renders the help of the whole program. */
export function renderProgramHelp(commands: readonly Command[]): string {
  const rows = commands
    .filter(({ isHidden }) => isHidden !== true)
    .map(({ name, summary }) => [name, summary] as const);
  return join([
    "repx - define experiments in Nix, run them on a cluster, see what became of them",
    "Usage: repx COMMAND [OPERANDS] [FLAGS]",
    renderSection("Commands", rows),
    renderSection("Flags", listFlags(GLOBAL_FLAGS)),
    "`repx COMMAND --help` says what a command takes, with examples.",
    wrap(
      "Exit status: 0 done; 1 what was asked for turned out badly; 2 a word, a file or a Lab is wrong; " +
        "3 to 5 something outside failed; 70 a bug in RepX.",
    ).join("\n"),
  ]);
}

/** Renders the help of a command. */
export function renderCommandHelp(command: Command): string {
  const flags = { ...command.flags, ...COMMON_FLAGS };
  const operands = command.operands.map((operand) => [nameOperand(operand), operand.summary] as const);
  return join([
    wrap(`repx ${command.name} - ${command.summary}`).join("\n"),
    `Usage: ${renderUsage(command)}`,
    ...(command.description === undefined ? [] : [wrap(command.description).join("\n")]),
    ...(operands.length === 0 ? [] : [renderSection("Operands", operands)]),
    renderSection("Flags", listFlags(flags)),
    ["Examples:", ...command.examples.map((example) => `${" ".repeat(INDENT)}${example}`)].join("\n"),
  ]);
}

/** Renders the line that shows how a command is written. */
export function renderUsage(command: Command): string {
  const operands = command.operands.map((operand) => {
    const name = `${nameOperand(operand)}${operand.isRepeatable === true ? "..." : ""}`;
    return operand.isOptional === true ? `[${name}]` : name;
  });
  return ["repx", command.name, ...operands, "[FLAGS]"].join(" ");
}

/** Names an operand as it is written: its words where it has a choice. */
export function nameOperand({ name, choices }: Operand): string {
  return choices === undefined ? name : choices.join("|");
}

/** Lists flags with what they mean: `-l, --lab PATH`. */
export function listFlags(flags: Readonly<Record<string, Flag>>): (readonly [name: string, meaning: string])[] {
  const hasShort = Object.values(flags).some(({ short }) => short !== undefined);
  return Object.entries(flags).map(([name, flag]) => {
    const short = flag.short === undefined ? (hasShort ? "    " : "") : `-${flag.short}, `;
    const value = flag.value === undefined ? "" : ` ${flag.value}`;
    return [`${short}--${name}${value}`, explainFlag(flag)] as const;
  });
}

/** Says what a flag means, with its choices, its default and whether it may be repeated. */
export function explainFlag({ summary, choices, isRepeatable, fallback }: Flag): string {
  const notes = [
    ...(choices === undefined ? [] : [choices.join(", ")]),
    ...(isRepeatable === true ? ["repeatable"] : []),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
  ];
  return notes.length === 0 ? summary : `${summary} (${notes.join("; ")})`;
}

function renderSection(title: string, rows: readonly (readonly [name: string, meaning: string])[]): string {
  const width = Math.min(NAME_COLUMNS, Math.max(...rows.map(([name]) => name.length)));
  const margin = " ".repeat(INDENT + width + 2);
  const lines = rows.flatMap(([name, meaning]) => {
    const [first = "", ...others] = wrap(meaning, COLUMNS - margin.length);
    const head = `${" ".repeat(INDENT)}${name.padEnd(width)}`;
    const begin = name.length > width ? [head, `${margin}${first}`] : [`${head}  ${first}`];
    return [...begin, ...others.map((line) => `${margin}${line}`)];
  });
  return [`${title}:`, ...lines].join("\n");
}

/** Breaks a text into lines at its spaces. */
export function wrap(text: string, columns = COLUMNS): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function join(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}
