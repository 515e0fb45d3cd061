// Reads what the survey's script answers. Pure. Sections are told apart by lines that begin with `= `, which no name does;
// the content of files comes last, by the sizes that were announced, since it may be any bytes.
import { RepxError } from "../model/errors.ts";
import type { TargetFacts } from "./target-facts.ts";

/** The lines of an answer by their section, and the files that it brought. */
export interface SurveyAnswer {
  readonly sections: ReadonlyMap<string, readonly string[]>;
  /** Text by the path below the base path; without those that changed while they were read. */
  readonly files: ReadonlyMap<string, string>;
}

const END = Buffer.from("\n= end\n");
const CONTENT = Buffer.from("\n= content\n");
/** What `openssl dgst -sha256 -r /dev/null` must say: the hash of nothing. */
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** In the units of df -Pk: total, used, free, and the share, which is `-` where there is no total. */
const DF_LINE = /\s(?<total>\d+)\s+-?\d+\s+(?<free>-?\d+)\s+(?:\d+%|-)\s/;

/** Parses an answer; SSH_COMMAND_FAILED when it is not whole. */
export function parseAnswer(bytes: Buffer, where: string): SurveyAnswer {
  if (!bytes.subarray(-END.length).equals(END)) {
    throw new RepxError("SSH_COMMAND_FAILED", `the survey of ${where} ended before its answer was whole`, {
      hint: "Try again. If it happens again, look at the target's load and at the limits on processes there.",
      details: { stdout: bytes.subarray(-2000).toString("utf8") },
    });
  }
  const found = bytes.indexOf(CONTENT);
  const sections = parseSections(bytes.subarray(0, found === -1 ? -END.length : found).toString("utf8"));
  const content = found === -1 ? Buffer.alloc(0) : bytes.subarray(found + CONTENT.length, -END.length);
  return { sections, files: parseFiles(content, sections.get("files") ?? []) };
}

function parseSections(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("= ")) sections.set(line.slice(2), (lines = []));
    else if (line !== "") lines.push(line);
  }
  return sections;
}

/** As head prints many files: a header, then the content. Where the two do not agree a file has just changed. */
function parseFiles(content: Buffer, announced: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  let position = 0;
  const list = announced.map((line) => {
    const [size = "", path = ""] = line.split(" ");
    return { sizeBytes: Number(size), path, header: Buffer.from(`==> ${path} <==\n`) };
  });
  for (const { sizeBytes, path, header } of list) {
    const begin = content.indexOf(header, position);
    if (begin === -1) continue;
    position = begin + header.length;
    const end = position + sizeBytes;
    if (!isEndOfFile(content, end)) continue;
    files.set(path, content.subarray(position, end).toString("utf8"));
    position = end;
  }
  return files;
}

/** Each part of the list begins with the header of an empty file, which has no line feed before it. */
const FOLLOWING = ["\n==> ", "==> /dev/null <==\n"].map((text) => Buffer.from(text));

function isEndOfFile(content: Buffer, end: number): boolean {
  if (end === content.length) return true;
  return FOLLOWING.some((next) => content.subarray(end, end + next.length).equals(next));
}

/** Room, and what earlier pushes left. */
export type Room = Pick<TargetFacts, "freeBytes" | "freeFiles" | "quotaBytes" | "leftovers">;

/** Parses what was said of the room alone. */
export function parseRoom(text: string): Room {
  return readRoom(parseSections(text));
}

function readRoom(sections: SurveyAnswer["sections"]): Room {
  const blocks = (sections.get("blocks") ?? []).at(-1) ?? "";
  return {
    freeBytes: readFree(blocks) * 1024,
    freeFiles: readFree((sections.get("inodes") ?? []).at(-1) ?? ""),
    quotaBytes: Math.min(
      readQuota(sections.get("quota") ?? [], blocks.split(/\s/)[0] ?? ""),
      readLustreQuota(sections.get("lustre") ?? []),
    ),
    leftovers: sections.get("leftovers") ?? [],
  };
}

/** Picks a target's facts from the answer. */
export function readFacts({ sections, files }: SurveyAnswer): TargetFacts {
  const decoders = new Set(sections.get("decoders"));
  const indexes = [...files].flatMap(([path, text]): [string, string][] =>
    path.startsWith("artifacts/.index/") ? [[path.slice("artifacts/.index/".length), text]] : [],
  );
  return {
    ...readRoom(sections),
    decoders: (["zstd", "gzip"] as const).filter((name) => decoders.has(name)),
    hasOpenssl: (sections.get("openssl") ?? []).some((line) => line.startsWith(EMPTY_SHA256)),
    canLink: sections.has("link"),
    indexes: new Map(indexes),
    toolPath: sections.get("tools")?.[0] ?? "",
  };
}

/** What df's line leaves; Infinity where it does not tell, which some file systems say as 0 of 0. */
function readFree(line: string): number {
  const { total, free } = DF_LINE.exec(line)?.groups ?? {};
  return total === undefined || Number(total) === 0 ? Infinity : Math.max(0, Number(free));
}

/** `quota -w`: a line for every file system: its name, blocks of 1024 bytes, soft and hard limit; 0 is none. */
function readQuota(lines: readonly string[], fileSystem: string): number {
  const line = lines.map((text) => text.trim().split(/\s+/)).find(([name]) => name === fileSystem);
  return line === undefined ? Infinity : readLimit(line.slice(1));
}

/** `lfs quota -q`: the same words, but a long name has a line of its own. */
function readLustreQuota(lines: readonly string[]): number {
  return readLimit(lines.join(" ").trim().split(/\s+/).slice(1));
}

function readLimit([used = "", soft = "", hard = ""]: readonly string[]): number {
  // An asterisk says that a limit is passed; brackets that a server did not answer.
  const [usedKilobytes, softKilobytes, hardKilobytes] = [used, soft, hard].map((word) =>
    /^\[?\d+\]?\*?$/.test(word) ? Number(word.replaceAll(/[^0-9]/g, "")) : NaN,
  );
  const limit = [hardKilobytes, softKilobytes].find((kilobytes) => kilobytes !== undefined && kilobytes > 0);
  if (limit === undefined || usedKilobytes === undefined || Number.isNaN(usedKilobytes)) return Infinity;
  return Math.max(0, limit - usedKilobytes) * 1024;
}
