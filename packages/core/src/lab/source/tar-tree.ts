// The files of a Lab in an archive, by their paths in the Lab. Pure.
import { clipText, listSome } from "../clip-text.ts";
import { refuseEscape, refuseLab, refuseLinks, refuseMissing } from "../refuse-lab.ts";
import type { EntryKind } from "./lab-source.ts";
import type { TarEntry } from "./tar-entries.ts";

/** A file's content in the archive. */
export interface TarFile {
  readonly offset: number;
  readonly size: number;
}

/** What is no link. */
type Place = (TarFile & { readonly type: "file" }) | { readonly type: "folder" | "other" };
type Link = { readonly type: "symlink" | "hardlink"; readonly link: string };
type Node = Place | Link;

/** What lies where, in one Lab. */
export interface TarTree {
  list(folder: string): ReadonlyMap<string, EntryKind>;
  /** Follows links; undefined where nothing is. */
  find(path: string): Place | undefined;
}

/** What an archive may have: a Lab of 100,000 jobs stays below. */
export const TAR_LIMITS = { entries: 1_000_000, nameBytes: 256 * 1024 * 1024, depth: 64, links: 40 } as const;

const MANIFEST = /^(?:(.*)\/)?lab\/[^/]*lab-metadata\.json$/s;

/** Collects entries as they come; extracting would leave the last of those with the same path. */
export interface TarCollection {
  add(entry: TarEntry): void;
  /** Finds the Lab: the folders that lead to it may have any names. */
  build(): TarTree;
}

/** Begins a collection; `lab` is the archive's name in messages. */
export function startTarCollection(lab: string): TarCollection {
  const nodes = new Map<string, Node>();
  let nameBytes = 0;
  return {
    add: (entry) => {
      const parts = splitPath(lab, entry.path);
      nameBytes += entry.path.length + entry.link.length;
      for (let depth = 1; depth < parts.length; depth++) {
        const parent = parts.slice(0, depth).join("/");
        if (!nodes.has(parent)) nodes.set(parent, { type: "folder" });
      }
      if (parts.length > 0) nodes.set(parts.join("/"), makeNode(lab, nodes, entry));
      if (nodes.size > TAR_LIMITS.entries) throw refuseLab(lab, `it has more than ${TAR_LIMITS.entries} entries`);
      if (nameBytes > TAR_LIMITS.nameBytes)
        throw refuseLab(lab, `its names are longer than ${TAR_LIMITS.nameBytes} bytes`);
    },
    build: () => {
      checkParents(lab, nodes);
      return makeTree(lab, nodes, findRoot(lab, nodes));
    },
  };
}

function makeNode(lab: string, nodes: ReadonlyMap<string, Node>, { type, link, offset, size }: TarEntry): Node {
  if (type === "file") return { type, offset, size };
  // A hard link stays what it was made from, also when the name is given to another entry later.
  if (type === "hardlink") return nodes.get(splitPath(lab, link).join("/")) ?? { type, link };
  return type === "symlink" ? { type, link } : { type };
}

/** `./a//b/` is `a/b`. */
function splitPath(lab: string, path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.includes("..")) {
    throw refuseLab(lab, `the archive has an entry outside of itself: ${clipText(path)}`);
  }
  if (parts.length > TAR_LIMITS.depth) throw refuseLab(lab, `the archive has an entry too deep: ${clipText(path)}`);
  return parts;
}

/** Extracting an entry "below" a link or a file would write elsewhere, or nothing. */
function checkParents(lab: string, nodes: ReadonlyMap<string, Node>): void {
  for (const path of nodes.keys()) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (parent !== "" && nodes.get(parent)?.type !== "folder") {
      throw refuseLab(lab, `the archive has ${clipText(path)} in what is no folder`);
    }
  }
}

/** The path that the Lab's own begin with: "" or ending in "/". */
function findRoot(lab: string, nodes: ReadonlyMap<string, Node>): string {
  const roots = new Set<string>();
  for (const path of nodes.keys()) {
    const match = MANIFEST.exec(path);
    if (match !== null) roots.add(match[1] === undefined ? "" : `${match[1]}/`);
  }
  const least = [...roots].reduce((found, root) => Math.min(found, countParts(root)), Number.POSITIVE_INFINITY);
  const [root, ...others] = [...roots].filter((one) => countParts(one) === least);
  if (root === undefined) throw refuseMissing(lab, "lab/lab-metadata.json");
  if (others.length === 0) return root;
  throw refuseLab(lab, `the archive has more than one Lab: ${listSome([root, ...others], 5)}`);
}

function countParts(path: string): number {
  return path.split("/").length;
}

function makeTree(lab: string, nodes: ReadonlyMap<string, Node>, root: string): TarTree {
  let folders: ReadonlyMap<string, ReadonlyMap<string, EntryKind>> | undefined;
  return {
    list: (folder) => {
      folders ??= listFolders(nodes);
      return folders.get(`${root}${folder}`) ?? new Map();
    },
    find: (path) => followLinks(lab, nodes, root, path),
  };
}

function listFolders(nodes: ReadonlyMap<string, Node>): Map<string, Map<string, EntryKind>> {
  const folders = new Map<string, Map<string, EntryKind>>();
  for (const [path, { type }] of nodes) {
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, slash));
    const names = folders.get(parent) ?? new Map<string, EntryKind>();
    // A hard link is a file like the other.
    names.set(path.slice(slash + 1), type === "symlink" ? "link" : type === "hardlink" ? "file" : type);
    folders.set(parent, names);
  }
  return folders;
}

function followLinks(lab: string, nodes: ReadonlyMap<string, Node>, root: string, path: string): Place | undefined {
  const place: string[] = [];
  let found: Place | undefined = { type: "folder" };
  let waiting = path.split("/").toReversed();
  let links = 0;
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (place.pop() === undefined) throw refuseEscape(lab, path);
      found = { type: "folder" };
      continue;
    }
    const node = nodes.get(`${root}${[...place, part].join("/")}`);
    if (node === undefined) return undefined;
    if (!isLink(node)) {
      place.push(part);
      found = node;
      continue;
    }
    if (++links > TAR_LIMITS.links) throw refuseLinks(lab, path);
    // A hard link names an entry of the archive, a symbolic link a path from where it lies.
    const target = node.type === "symlink" ? node.link : leadInto(lab, root, node.link, path);
    if (target.startsWith("/")) throw refuseEscape(lab, path);
    if (node.type === "hardlink") place.length = 0;
    waiting = [...waiting, ...target.split("/").toReversed()];
  }
  return found;
}

function isLink(node: Node): node is Link {
  return node.type === "symlink" || node.type === "hardlink";
}

function leadInto(lab: string, root: string, link: string, path: string): string {
  const target = splitPath(lab, link).join("/");
  if (target.startsWith(root)) return target.slice(root.length);
  throw refuseEscape(lab, path);
}
