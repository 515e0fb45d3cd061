// Reads what repx-gc prints. Pure.
import * as z from "zod";
import { LabHash } from "../model/ids.ts";

/** What becomes of a root: `passed` keeps nothing any more, all others do. */
export type RootState = "pinned" | "newest" | "young" | "sending" | "open" | "foreign" | "passed";

/** A file on a target that says what a Lab needs there. */
export interface GcRoot {
  readonly kind: "auto" | "pinned";
  /** Of an automatic one its project, of a pin its name. */
  readonly name: string;
  /** When it was registered, in UTC; a pin has none. */
  readonly at?: string;
  readonly lab: LabHash;
  readonly state: RootState;
}

/** What a collection found, or did. */
export interface GcReport {
  /** Whether nobody ever registered a root: then nothing is known, and nothing goes. */
  readonly isRootless: boolean;
  readonly roots: readonly GcRoot[];
  /** Submissions that are not over. */
  readonly open: readonly string[];
  /** Those of them whose Lab no root describes: until they are over, nothing but old submissions goes. */
  readonly blocked: readonly string[];
  /** What goes or went, relative to the base path. */
  readonly freed: readonly { readonly place: string; readonly bytes: number }[];
  /** What belongs to other users, and stays. */
  readonly foreign: readonly string[];
  /** What could not be removed. */
  readonly left: readonly string[];
  /** What a submission wanted again meanwhile. */
  readonly putBack: readonly string[];
}

const Place = z.string().regex(/^[0-9A-Za-z._+?=-]+(?:\/[0-9A-Za-z._+?=-]+)+$/);
const STATES = ["pinned", "newest", "young", "sending", "open", "foreign", "passed"] as const;
const Line = z.union([
  z.tuple([z.literal("root"), z.enum(["auto", "pinned"]), z.string(), z.string(), LabHash, z.enum(STATES)]),
  z.tuple([z.enum(["open", "blocked"]), z.string(), z.string()]),
  z.tuple([
    z.literal("free"),
    Place,
    z
      .string()
      .regex(/^\d{1,18}$/)
      .transform(Number),
  ]),
  z.tuple([z.enum(["foreign", "left", "back"]), Place]),
  z.tuple([z.literal("rootless")]),
  z.tuple([z.literal("end")]),
]);
type Line = z.infer<typeof Line>;

/** Reads an answer; undefined when it is not whole. */
export function parseGcReport(text: string): GcReport | undefined {
  const lines = text.split("\n").slice(0, -1);
  const parsed = lines.map((line) => Line.safeParse(line.split("\t")));
  if (lines.at(-1) !== "end" || parsed.some(({ success }) => !success)) return undefined;
  const rows = parsed.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const pick = (word: "open" | "blocked" | "foreign" | "left" | "back"): string[] =>
    rows.flatMap((row) => (row[0] === word && row[1] !== undefined ? [row[1]] : []));
  return {
    isRootless: rows.some(([word]) => word === "rootless"),
    roots: rows.flatMap((row) => (row[0] === "root" ? [readRoot(row)] : [])),
    open: pick("open"),
    blocked: pick("blocked"),
    freed: rows.flatMap((row) => (row[0] === "free" ? [{ place: row[1], bytes: row[2] }] : [])),
    foreign: pick("foreign"),
    left: pick("left"),
    putBack: pick("back"),
  };
}

function readRoot([, kind, name, stamp, lab, state]: Extract<Line, { 0: "root" }>): GcRoot {
  const at = stamp.replace(/^(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)$/, "$1T$2:$3:$4Z");
  return { kind, name, ...(kind === "auto" ? { at } : {}), lab, state };
}

/** What lies on a target, by kinds. */
export type PlaceKind =
  | "store paths"
  | "jobs"
  | "outputs"
  | "image layers"
  | "images"
  | "host tools"
  | "programs"
  | "metadata"
  | "submissions";

const KINDS: readonly (readonly [PlaceKind, string])[] = [
  ["store paths", "artifacts/store/"],
  ["jobs", "artifacts/jobs/"],
  ["outputs", "outputs/"],
  ["image layers", "artifacts/images/layers/"],
  ["images", "artifacts/images/"],
  ["host tools", "host-tools/"],
  ["programs", "bin/"],
  ["metadata", "artifacts/labs/"],
  ["submissions", "submissions/"],
];

/** Counts what goes by kinds, without those of which nothing goes. */
export function countFreed(
  freed: GcReport["freed"],
): { readonly kind: PlaceKind; readonly count: number; readonly bytes: number }[] {
  const groups = Map.groupBy(freed, ({ place }) => KINDS.find(([, prefix]) => place.startsWith(prefix))?.[0]);
  return KINDS.flatMap(([kind]) => {
    const group = groups.get(kind) ?? [];
    const bytes = group.reduce((sum, one) => sum + one.bytes, 0);
    return group.length === 0 ? [] : [{ kind, count: group.length, bytes }];
  });
}
