import { openProblemMatchers, type ProblemMatchers } from "./problem-matchers.ts";

/** One `::error …::` or the like, as it stands beside a workflow run. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
}

/** What a runner does with an action's output lines: it takes commands out, hides secrets, keeps the rest as the log. */
export interface CommandReader {
  readonly annotations: Annotation[];
  readonly masks: Set<string>;
  readonly matchers: ProblemMatchers;
  readonly log: string[];
  /** Takes one line of stdout or stderr. */
  readonly read: (line: string) => void;
  readonly addMask: (value: string) => void;
}

interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** Starts with the secrets that the runner knows of itself; `onLine` gets each line of the log, masked. */
export function openCommandReader(secrets: readonly string[], onLine?: (line: string) => void): CommandReader {
  const masks = new Set<string>();
  const annotations: Annotation[] = [];
  const log: string[] = [];
  const matchers = openProblemMatchers();
  let stopToken: string | undefined;
  const addMask = (value: string) => {
    // As the runner does: a secret of several lines hides each of them too.
    for (const part of [value, ...value.split(/\r?\n/)]) if (part.trim() !== "") masks.add(part);
  };
  const hide = (text: string) =>
    [...masks]
      .toSorted((one, other) => other.length - one.length)
      .reduce((all, mask) => all.replaceAll(mask, "***"), text);
  const write = (text: string) => {
    log.push(hide(text));
    onLine?.(hide(text));
    for (const { message, ...problem } of matchers.read(text)) annotations.push({ ...problem, message: hide(message) });
  };
  const read = (line: string) => {
    if (stopToken !== undefined) {
      if (line.trim() === `::${stopToken}::`) stopToken = undefined;
      else write(line);
      return;
    }
    const command = parseCommand(line);
    if (command?.name === "add-mask") addMask(command.message);
    else if (command?.name === "add-matcher") matchers.add(command.message);
    else if (command?.name === "remove-matcher") matchers.remove(command.properties["owner"] ?? "");
    else if (command?.name === "stop-commands") stopToken = command.message;
    else if (command !== undefined && isLevel(command.name)) {
      annotations.push(parseAnnotation(command.name, command, hide));
      write(`##[${command.name}]${command.message}`);
    } else if (command?.name === "group") write(`##[group]${command.message}`);
    else if (command?.name === "endgroup") write("##[endgroup]");
    else if (command?.name !== "debug") write(line);
  };
  for (const secret of secrets) addMask(secret);
  return { annotations, masks, matchers, log, read, addMask };
}

/** Parses `::name key=value,key=value::message`; undefined for any other line. */
export function parseCommand(line: string): WorkflowCommand | undefined {
  const found = /^\s*::([A-Za-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/s.exec(line);
  const [, name, list = "", message = ""] = found ?? [];
  if (name === undefined) return undefined;
  const pairs = list.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 1 ? [] : [[pair.slice(0, at).trim(), unescape(pair.slice(at + 1))] as const];
  });
  return { name: name.toLowerCase(), properties: Object.fromEntries(pairs), message: unescape(message) };
}

function parseAnnotation(
  level: Annotation["level"],
  command: WorkflowCommand,
  hide: (text: string) => string,
): Annotation {
  const { title, file, line } = command.properties;
  return {
    level,
    message: hide(command.message),
    ...(title !== undefined && { title: hide(title) }),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line: Number(line) }),
  };
}

function isLevel(name: string): name is Annotation["level"] {
  return name === "error" || name === "warning" || name === "notice";
}

/** %25 comes last, so that an escaped percent sign cannot start another escape. */
function unescape(text: string): string {
  return text
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%25", "%");
}
