// What ssh_config(5) says of one host: pure, on files that were read. The first value counts. Nothing is ever run:
// blocks of `Match exec`, and of criteria that are not known here, are passed over.
import { parse } from "ssh-config";
import { RepxError } from "../../model/errors.ts";
import { matchGlob } from "../config/match-glob.ts";
import { showWord } from "../command/quote.ts";
import { expandTokens, type Said } from "./ssh-tokens.ts";

/** A line of ssh_config; an Include holds the files that it names. */
export interface SshLine {
  /** In lower case. */
  readonly keyword: string;
  readonly words: readonly string[];
  readonly included?: readonly SshConfigFile[];
}

/** A file of ssh_config. */
export interface SshConfigFile {
  /** Its path, for messages. */
  readonly source: string;
  readonly lines: readonly SshLine[];
}

/** Whom to ask ssh_config about. */
export interface SshQuery {
  readonly host: string;
  /** What was said already, which ssh_config does not change. */
  readonly user?: string;
  readonly localUser: string;
}

/** What ssh_config says of a host, as written: neither tokens nor `~` are replaced but in `host`. */
export interface SshSettings {
  /** In lower case, as ssh asks known_hosts. */
  readonly host: string;
  /** By keyword in lower case, the first line that applies. */
  readonly first: ReadonlyMap<string, readonly Said[]>;
  readonly identityFiles: readonly Said[];
  readonly certificateFiles: readonly Said[];
  /** ProxyJump or ProxyCommand, whichever comes first: it shuts out the other (readconf.c). */
  readonly proxy?: Said & { readonly keyword: "proxyjump" | "proxycommand" };
}

/** Parses the text of an ssh_config file; what it includes is not read. */
export function parseSshConfig(text: string, source: string): SshConfigFile {
  const lines: SshLine[] = [];
  const visit = (nodes: ReturnType<typeof parse>): void => {
    for (const node of nodes) {
      if (!("param" in node) || node.param === "") continue;
      const words = typeof node.value === "string" ? [node.value] : node.value.map(({ val }) => val);
      // The library looks for a value that is missing on the next line.
      if (/[\r\n]/.test(node.param + node.separator) || words.join("") === "") {
        throw refuseText(source, `${node.param.split(/[\r\n]/, 1).join("")} has no value`);
      }
      lines.push({ keyword: node.param.toLowerCase(), words });
      if ("config" in node) visit(node.config);
    }
  };
  visit(parseText(doubleQuotes(text), source));
  return { source, lines };
}

/** Finds what files of ssh_config say of a host; an earlier file, the user's own, counts more. */
export function resolveSshConfig(files: readonly SshConfigFile[], query: SshQuery): SshSettings {
  const walk: Walk = { query, host: query.host, isFinal: false, wantsFinal: false, first: new Map(), lists: new Map() };
  if (query.user !== undefined) walk.first.set("user", [{ value: query.user, source: "config.toml" }]);
  for (const file of files) walkFile(file, true, walk);
  const host = readHostName(walk).toLowerCase();
  if (walk.wantsFinal) {
    const last: Walk = { ...walk, host, isFinal: true };
    last.first.set("hostname", [{ value: host.replaceAll("%", "%%"), source: "" }]);
    for (const file of files) walkFile(file, true, last);
  }
  const { first, lists } = walk;
  const proxy = first.get("proxy")?.[0];
  const keyword = first.has("proxyjump") ? "proxyjump" : "proxycommand";
  return {
    host,
    first,
    identityFiles: lists.get("identityfile") ?? [],
    certificateFiles: lists.get("certificatefile") ?? [],
    ...(proxy === undefined ? {} : { proxy: { ...proxy, keyword } }),
  };
}

interface Walk {
  readonly query: SshQuery;
  /** What Host is compared with: the name as given, in the final pass the HostName. */
  readonly host: string;
  readonly isFinal: boolean;
  wantsFinal: boolean;
  readonly first: Map<string, readonly Said[]>;
  /** Keywords of which all lines count. */
  readonly lists: Map<string, Said[]>;
}

const LISTS = new Set(["identityfile", "certificatefile"]);

function walkFile({ lines, source }: SshConfigFile, isWithin: boolean, walk: Walk): void {
  let isActive = isWithin;
  for (const { keyword, words, included } of lines) {
    if (keyword === "host") isActive = isWithin && matchesHost(words, walk.host);
    else if (keyword === "match") isActive = matchesCriteria(words, walk) && isWithin;
    else if (keyword === "include") for (const file of included ?? []) walkFile(file, isActive, walk);
    else if (isActive) note(keyword, words, source, walk);
  }
}

function note(keyword: string, words: readonly string[], source: string, { first, lists }: Walk): void {
  const said = words.map((value) => ({ value, source }));
  if (LISTS.has(keyword)) {
    const list = lists.get(keyword) ?? [];
    lists.set(keyword, list);
    list.push(...said.filter(({ value }) => list.every((other) => other.value !== value)));
    return;
  }
  const isProxy = keyword === "proxyjump" || keyword === "proxycommand";
  if (first.has(isProxy ? "proxy" : keyword)) return;
  first.set(keyword, said);
  if (isProxy) first.set("proxy", [{ value: words.join(" "), source }]);
}

function readHostName({ first, query }: Walk): string {
  const [said] = first.get("hostname") ?? [];
  return said === undefined ? query.host : expandTokens(said, "HostName", { h: query.host });
}

/** A pattern of Host that is negated and matches outweighs all others. */
function matchesHost(patterns: readonly string[], host: string): boolean {
  const [no, yes] = [patterns.filter((word) => word.startsWith("!")), patterns.filter((word) => !word.startsWith("!"))];
  return !no.some((word) => matchGlob(word.slice(1), host)) && yes.some((word) => matchGlob(word, host));
}

function matchesCriteria(words: readonly string[], walk: Walk): boolean {
  let isMatch = true;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const name = word.replace(/^!/, "").toLowerCase();
    if (name === "final") walk.wantsFinal = true;
    const isMet = readCriterion(name, rest, walk);
    // Not known: neither it nor its opposite holds.
    if (isMet === undefined || isMet === word.startsWith("!")) isMatch = false;
  }
  return isMatch;
}

function readCriterion(name: string, rest: string[], walk: Walk): boolean | undefined {
  if (name === "all") return true;
  if (name === "final" || name === "canonical") return walk.isFinal;
  const patterns = (rest.shift() ?? "").split(",");
  const { query, first } = walk;
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  if (name === "host") return matchesHost(lower, (walk.isFinal ? walk.host : readHostName(walk)).toLowerCase());
  if (name === "originalhost") return matchesHost(lower, query.host.toLowerCase());
  if (name === "user") return matchesHost(patterns, first.get("user")?.[0]?.value ?? query.localUser);
  if (name === "localuser") return matchesHost(patterns, query.localUser);
  return undefined;
}

/** The library knows double quotes alone; OpenSSH has single ones too (argv_split in misc.c), though not in Match and ProxyJump. */
function doubleQuotes(text: string): string {
  return text.replaceAll(/^(?!\s*(?:#|match\b|proxy(?:command|jump)\b)).*$/gim, (line) =>
    line.replaceAll(
      /"(?:\\.|[^"\\])*"|(?<=[\s=])'(?<inner>(?:\\.|[^'\\])*)'(?=\s|$)/g,
      (whole: string, inner: string | undefined) =>
        inner === undefined ? whole : `"${inner.replaceAll(String.raw`\'`, "'").replaceAll('"', String.raw`\"`)}"`,
    ),
  );
}

function parseText(text: string, source: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (cause) {
    throw refuseText(source, cause instanceof TypeError ? "a keyword has no value" : String(cause), cause);
  }
}

function refuseText(source: string, why: string, cause?: unknown): RepxError {
  return new RepxError("CONFIG_INVALID", `${source} is no ssh_config: ${why}`, {
    hint: `See what OpenSSH says of it: \`ssh -G -F ${showWord(source)} host\`.`,
    cause,
  });
}
