// Sorts what is to be sent into groups that one rename each, or one `mv` for many, puts into place. Pure.
import { posix } from "node:path";

/** A file or folder here and its place on the target. */
export interface PushItem {
  /** Absolute. */
  readonly source: string;
  /** Relative to the base path: `artifacts/store/<name>`, `artifacts/jobs/<id>`, `submissions/<id>`. */
  readonly destination: string;
  /** Only these paths inside the source, which is a folder. */
  readonly only?: readonly string[];
}

/** Items of one folder here that go to one folder there. */
export interface PushGroup {
  /** Number of the group's folder in the staging folder. */
  readonly number: number;
  readonly sourceFolder: string;
  /** Relative to the base path. */
  readonly folder: string;
  /** When the only item has another name there. */
  readonly name?: string;
  /** `r`: made read-only; `n`: must be new. */
  readonly rules: string;
  readonly items: readonly PushItem[];
}

/** What others refer to comes before what refers to it. */
const ORDER = ["artifacts/store", "bin", "artifacts/jobs", "artifacts/labs", "submissions"];
const DESTINATION = /^(?:[0-9A-Za-z_+?=][0-9A-Za-z._+?=-]*\/)+[0-9A-Za-z_+?=][0-9A-Za-z._+?=-]*$/;

/** Groups items by where they lie and where they go, in the order in which they are put into place. */
export function groupItems(items: readonly PushItem[]): PushGroup[] {
  const tables = Map.groupBy(items, ({ source, destination }) => {
    if (!DESTINATION.test(destination)) throw new TypeError(`${destination} is not a place under a base path`);
    const isRenamed = posix.basename(source) !== posix.basename(destination);
    return JSON.stringify([posix.dirname(source), posix.dirname(destination), isRenamed ? destination : ""]);
  });
  return [...tables.values()]
    .toSorted((left, right) => rankGroup(left) - rankGroup(right))
    .flatMap((group, index) => makeGroup(group, index) ?? []);
}

function makeGroup(items: readonly PushItem[], index: number): PushGroup | undefined {
  const [first] = items;
  if (first === undefined) return undefined;
  const folder = posix.dirname(first.destination);
  const name = posix.basename(first.destination);
  return {
    number: index + 1,
    sourceFolder: posix.dirname(first.source),
    folder,
    ...(posix.basename(first.source) === name ? {} : { name }),
    rules: `${folder === "artifacts/store" ? "r" : ""}${folder === "submissions" ? "n" : ""}`,
    items,
  };
}

function rankGroup([first]: readonly PushItem[]): number {
  return ORDER.indexOf(posix.dirname(first?.destination ?? ""));
}
