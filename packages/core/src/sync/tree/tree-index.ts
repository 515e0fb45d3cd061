// What a published tree holds, as text: kept on the target so that a later push can share its files. It is ASCII, so
// that it comes through any shell and terminal as it is, and its last line counts the others: a cut text is no index.
import type { BytePath, TreeEntry } from "./tree-entry.ts";

/**
 * Of a SHA-256 that an index carries: 192 bits, which nobody makes two files for. Hashes do not compress, and where few
 * files changed they would be half of what is sent.
 */
export const HASH_CHARACTERS = 48;

const FIRST_LINE = "repx tree 1";
/** The top's path, which is empty; no entry has this path, and every field has a character. */
const TOP = ".";
const FOLDER = /^d ([0-7]{1,4}) (\d{1,15}) ([!-~]+)$/;
const FILE = /^f ([0-7]{1,4}) (\d{1,15}) (\d{1,15}) ([0-9a-f]{48}|-) ([!-~]+)$/;
const SYMLINK = /^l (\d{1,15}) ([!-~]+) ([!-~]+)$/;
const HARDLINK = /^h ([!-~]+) ([!-~]+)$/;

/** Renders a tree's entries as ASCII text, one line each; `parseIndex` gives them back, hashes shortened. */
export function renderIndex(entries: readonly TreeEntry[]): string {
  return `${FIRST_LINE}\n${entries.map(renderLine).join("")}end ${entries.length}\n`;
}

/** Reads what `renderIndex` wrote; a SyntaxError says that the text was cut or written by something else. */
export function parseIndex(text: string): TreeEntry[] {
  const lines = text.split("\n");
  const count = lines.length - 3;
  if (lines[0] !== FIRST_LINE || lines.at(-2) !== `end ${count}` || lines.at(-1) !== "") {
    throw new SyntaxError("the index of a tree is not whole");
  }
  return lines.slice(1, -2).map(parseLine);
}

/** Reads the indexes that can be read; a corrupt one is as good as none: its files are sent, not shared. */
export function parseIndexes(texts: ReadonlyMap<string, string>): Map<string, TreeEntry[]> {
  const indexes = new Map<string, TreeEntry[]>();
  for (const [name, text] of texts) {
    try {
      indexes.set(name, parseIndex(text));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return indexes;
}

/** Names the index of what lies at a destination, which is relative to `<base>/artifacts`. */
export function renderIndexName(destination: string): string {
  return destination.replaceAll("/", "%");
}

/** Tells what an index is about: its destination, relative to `<base>/artifacts`. */
export function parseIndexName(name: string): string {
  return name.replaceAll("%", "/");
}

/** Renders one entry as a line that ends with a newline. */
export function renderLine(entry: TreeEntry): string {
  const path = entry.path === "" ? TOP : escapeBytes(entry.path);
  if (entry.kind === "hardlink") return `h ${path} ${escapeBytes(entry.target)}\n`;
  const { mtimeSeconds } = entry;
  if (entry.kind === "symlink") return `l ${mtimeSeconds} ${path} ${escapeBytes(entry.target)}\n`;
  const mode = entry.mode.toString(8);
  if (entry.kind === "folder") return `d ${mode} ${mtimeSeconds} ${path}\n`;
  return `f ${mode} ${mtimeSeconds} ${entry.sizeBytes} ${entry.sha256?.slice(0, HASH_CHARACTERS) ?? "-"} ${path}\n`;
}

/** Reads one line, without its newline. */
export function parseLine(line: string): TreeEntry {
  const [, mode = "", time = "", size = "", sha256 = "", path = ""] = FILE.exec(line) ?? [];
  if (path !== "") {
    const file = { path: parsePath(path), kind: "file", mode: Number.parseInt(mode, 8) } as const;
    const sizes = { mtimeSeconds: Number(time), sizeBytes: Number(size) };
    return sha256 === "-" ? { ...file, ...sizes } : { ...file, ...sizes, sha256 };
  }
  return parseFolder(line) ?? parseSymlink(line) ?? parseHardlink(line);
}

function parseFolder(line: string): TreeEntry | undefined {
  const [, mode = "", time = "", path = ""] = FOLDER.exec(line) ?? [];
  if (path === "") return undefined;
  return { path: parsePath(path), kind: "folder", mode: Number.parseInt(mode, 8), mtimeSeconds: Number(time) };
}

function parseSymlink(line: string): TreeEntry | undefined {
  const [, time = "", path = "", target = ""] = SYMLINK.exec(line) ?? [];
  if (path === "") return undefined;
  return { path: parsePath(path), kind: "symlink", target: parseBytes(target), mtimeSeconds: Number(time) };
}

function parseHardlink(line: string): TreeEntry {
  const [, path = "", target = ""] = HARDLINK.exec(line) ?? [];
  if (path === "") throw new SyntaxError(`not a line of an index: ${line.slice(0, 200)}`);
  return { path: parsePath(path), kind: "hardlink", target: parsePath(target) };
}

/** Such paths become names in a tar: none may lead out of its folder, whoever wrote the index. */
function parsePath(text: string): BytePath {
  if (text === TOP) return "";
  const path = parseBytes(text);
  if (/(?:^|\/)\.{0,2}(?:\/|$)/.test(path)) throw new SyntaxError(`not a path in a tree: ${text.slice(0, 200)}`);
  return path;
}

function escapeBytes(path: BytePath): string {
  if (!/[^!-[\]-~]/.test(path)) return path;
  return path.replaceAll(/[^!-[\]-~]/g, (byte) => String.raw`\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function parseBytes(text: string): BytePath {
  if (!text.includes("\\")) return text;
  // Whatever else follows a backslash, a NUL above all, was not written here.
  if (/\\(?!x(?!00)[0-9a-f]{2})/.test(text)) throw new SyntaxError(`not an escaped path: ${text.slice(0, 200)}`);
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
