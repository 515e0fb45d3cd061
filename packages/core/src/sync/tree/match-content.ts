// Finds files on the target that have the content and the mode of files to be sent. Pure.
import { HASH_CHARACTERS, parseIndexName } from "./tree-index.ts";
import { joinPath } from "./byte-path.ts";
import type { BytePath, TreeEntry } from "./tree-entry.ts";

/** ext4 allows 65,000 names of one file: a push takes only a small part of them. */
export const LINKS_OF_ONE_FILE = 1000;

/** Files of one content and mode on the target. */
interface Candidates {
  readonly paths: BytePath[];
  /** Whose turn it is. */
  next: number;
}

/**
 * Matches hashed entries with what published trees hold: path here to path there, relative to `<base>/artifacts`.
 * `links` counts links made to each file there; give the same map for all items of a push.
 */
export function matchContent(
  entries: readonly TreeEntry[],
  indexes: ReadonlyMap<string, readonly TreeEntry[]>,
  links: Map<BytePath, number> = new Map(),
): Map<BytePath, BytePath> {
  const contents = new Map<string, Candidates>();
  const places = new Map<string, BytePath>();
  for (const [name, there] of indexes) {
    const top = parseIndexName(name);
    for (const entry of there) {
      const content = renderContent(entry);
      if (content === undefined) continue;
      const path = joinPath(top, entry.path);
      places.set(`${content} ${entry.path}`, path);
      const known = contents.get(content);
      if (known === undefined) contents.set(content, { paths: [path], next: 0 });
      else known.paths.push(path);
    }
  }
  const matches = new Map<BytePath, BytePath>();
  for (const entry of entries) {
    const content = renderContent(entry);
    const candidates = content === undefined ? undefined : contents.get(content);
    if (candidates === undefined) continue;
    // The file of the same path first: links then spread over all files of a content, push after push.
    const path = takePlace(candidates, places.get(`${content} ${entry.path}`), links);
    if (path !== undefined) matches.set(entry.path, path);
  }
  return matches;
}

/** What two files must share to be one; nothing for what is never shared. */
function renderContent(entry: TreeEntry): string | undefined {
  if (entry.kind !== "file" || entry.sha256 === undefined || entry.sizeBytes === 0) return undefined;
  return `${entry.sha256.slice(0, HASH_CHARACTERS)} ${entry.mode} ${entry.sizeBytes}`;
}

function takePlace(
  candidates: Candidates,
  wanted: BytePath | undefined,
  links: Map<BytePath, number>,
): BytePath | undefined {
  const path = wanted !== undefined && hasRoom(wanted, links) ? wanted : takeTurn(candidates, links);
  if (path !== undefined) links.set(path, (links.get(path) ?? 0) + 1);
  return path;
}

/** Goes round the candidates; those without room leave. */
function takeTurn(candidates: Candidates, links: ReadonlyMap<BytePath, number>): BytePath | undefined {
  const { paths } = candidates;
  while (paths.length > 0) {
    const turn = candidates.next % paths.length;
    const [path = ""] = paths.slice(turn, turn + 1);
    if (hasRoom(path, links)) {
      candidates.next = turn + 1;
      return path;
    }
    paths.splice(turn, 1);
    candidates.next = turn;
  }
  return undefined;
}

function hasRoom(path: BytePath, links: ReadonlyMap<BytePath, number>): boolean {
  return (links.get(path) ?? 0) < LINKS_OF_ONE_FILE;
}
