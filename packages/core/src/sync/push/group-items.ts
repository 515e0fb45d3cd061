// Sorts trees into groups that a few renames put into place: what lies in one folder here and goes to one there by the
// same names travels as one tree. Pure.
import { hash } from "node:crypto";
import { posix } from "node:path";
import { joinPath } from "../tree/byte-path.ts";
import type { BytePath, TreeEntry } from "../tree/tree-entry.ts";
import type { PushItem } from "./push-item.ts";

/** An item as it was found here. */
export interface Tree {
  readonly item: PushItem;
  readonly entries: readonly TreeEntry[];
  /** Path in it to a path on the target that has the same content. */
  readonly existing: ReadonlyMap<BytePath, BytePath>;
}

/** Trees that are put into place together. */
export interface PushGroup {
  /** Its folder in the staging folder. */
  readonly number: number;
  /** What the paths of its entries are relative to. */
  readonly source: string;
  /** Relative to the base path. */
  readonly folder: string;
  /** When it is one tree with another name there than here. */
  readonly name?: string;
  /** `n`: must be new; `r`: replaces what is there. */
  readonly rules: "n" | "r" | "-";
  /** What chmod gives the tops once they are in place; `-` when they have their modes already. */
  readonly topMode: string;
  readonly trees: readonly Tree[];
}

/** What others refer to comes before what refers to it. */
const FIRST = ["artifacts/store"];
const LAST = ["artifacts/jobs", "artifacts/labs", "submissions"];
const NAME = "[0-9A-Za-z_+?=][0-9A-Za-z._+?=-]*";
const DESTINATION = new RegExp(`^(?:${NAME}/)+${NAME}$`);
/** Numbers of submissions begin here: what travels beside them keeps its own, so that it is resumed on another run. */
const SUBMISSION_NUMBER = 1_000_000;

/** Refuses, as a mistake of this project, a place that is not under a base path. */
export function checkDestinations(items: readonly PushItem[]): void {
  const odd = items.find(({ destination }) => !DESTINATION.test(destination));
  if (odd !== undefined) throw new TypeError(`${odd.destination} is not a place under a base path`);
}

/** Tells whether an item comes from an immutable store. */
export function isStoreItem({ destination, replaces }: PushItem): boolean {
  return destination.startsWith("artifacts/store/") && replaces !== true;
}

/** Groups trees, in the order in which they are put into place. */
export function groupTrees(trees: readonly Tree[]): PushGroup[] {
  const table = Map.groupBy(trees, (tree) => {
    const { source, destination } = tree.item;
    const place = isRenamed(tree.item) ? destination : posix.dirname(destination);
    return JSON.stringify([posix.dirname(source), place, chooseRules(tree.item), chooseTopMode(tree)]);
  });
  return [...table.values()]
    .toSorted((left, right) => rankGroup(left) - rankGroup(right))
    .flatMap((group, index) => {
      const [first] = group;
      if (first === undefined) return [];
      return [makeGroup(first, group, isSubmission(first.item) ? numberSubmission(group) : index + 1)];
    });
}

/** Tells whether a group is of this run alone. */
export function isSubmissionGroup({ trees: [first] }: PushGroup): boolean {
  return first !== undefined && isSubmission(first.item);
}

/** The path in its group of something in a tree. */
export function placeInGroup(group: PushGroup, { item }: Tree, path: BytePath): BytePath {
  return group.name === undefined ? joinPath(posix.basename(item.source), path) : path;
}

/** All entries of a group by their paths in it; the tops can be renamed. */
export function listEntries(group: PushGroup): TreeEntry[] {
  return group.trees.flatMap((tree) => tree.entries.map((entry) => placeEntry(group, tree, entry)));
}

function placeEntry(group: PushGroup, tree: Tree, entry: TreeEntry): TreeEntry {
  const path = placeInGroup(group, tree, entry.path);
  if (entry.kind === "hardlink") return { ...entry, path, target: placeInGroup(group, tree, entry.target) };
  if (entry.kind === "folder" && entry.path === "") return { ...entry, path, mode: entry.mode | 0o200 };
  return { ...entry, path };
}

/** Of another submission nothing may be used: its folder in a staging folder that was taken over has another number. */
function numberSubmission(trees: readonly Tree[]): number {
  const places = trees.map(({ item }) => item.destination).join(" ");
  return SUBMISSION_NUMBER + Number.parseInt(hash("sha256", places).slice(0, 8), 16);
}

function makeGroup({ item, ...first }: Tree, trees: readonly Tree[], number: number): PushGroup {
  return {
    number,
    source: isRenamed(item) ? item.source : posix.dirname(item.source),
    folder: posix.dirname(item.destination),
    ...(isRenamed(item) ? { name: posix.basename(item.destination) } : {}),
    rules: chooseRules(item),
    topMode: chooseTopMode({ item, ...first }),
    trees,
  };
}

function isRenamed({ source, destination }: PushItem): boolean {
  return posix.basename(source) !== posix.basename(destination);
}

function isSubmission({ destination }: PushItem): boolean {
  return destination.startsWith("submissions/");
}

function chooseRules(item: PushItem): PushGroup["rules"] {
  if (isSubmission(item)) return "n";
  return item.replaces === true ? "r" : "-";
}

/**
 * rename(2) of a folder to another place changes its `..`, for which it must be writable: it is closed afterwards. Not by
 * a number, for which busybox takes the set-group-ID bit away.
 */
function chooseTopMode({ entries: [top] }: Tree): string {
  return top?.kind === "folder" && (top.mode & 0o200) === 0 ? "u-w" : "-";
}

function rankGroup([first]: readonly Tree[]): number {
  const folder = posix.dirname(first?.item.destination ?? "");
  if (FIRST.includes(folder)) return 0;
  return LAST.indexOf(folder) + 2;
}
