// Files that travel in slices: what is known of them, and when they are whole.
import { hash } from "node:crypto";
import type { Packer } from "../pack/packer.ts";
import type { Parcel, Slice } from "../pack/parcel.ts";
import type { LargeFile } from "../pack/plan-parcels.ts";
import { joinSource, toDiskPath } from "../tree/byte-path.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import type { PushPlan } from "./plan-push.ts";

/** A file in slices, as it is being sent. */
export interface SlicedFile {
  readonly file: LargeFile;
  /** Name of the mark that says that it is whole. */
  readonly mark: string;
  readonly slices: readonly Slice[];
  /** Whether a part of it travelled as it is, so that only its whole hash tells whether it arrived. */
  readonly isRaw: () => boolean;
  /** Its SHA-256; read once, when it is first wanted. */
  readonly readHash: () => Promise<string>;
}

/** The large files of a push. */
export interface SlicedFiles {
  /** Begins to hash the file of a parcel that is about to be sent. */
  begin(parcel: Parcel): void;
  /** Counts a slice; answers with its file when that was the last one. */
  arrive(parcel: Parcel): SlicedFile | undefined;
  /** Notes that a slice travels as it is. */
  noteRaw(parcel: Parcel): void;
  find(item: number, path: BytePath): SlicedFile | undefined;
}

/** Starts with what an earlier push sent. */
export function startSlicedFiles(packer: Packer, plan: PushPlan, arrived: ReadonlySet<string>): SlicedFiles {
  // Of what an earlier push sent nobody knows how it travelled.
  const rawIds = new Set(arrived);
  const slices = Map.groupBy(
    plan.parcels.filter((parcel) => parcel.kind === "slice"),
    ({ item, path }) => `${item}/${path}`,
  );
  const files = new Map(
    plan.largeFiles.map((file): [string, SlicedFile] => {
      const key = `${file.item}/${file.path}`;
      return [key, makeSlicedFile(packer, plan, file, { slices: slices.get(key) ?? [], rawIds })];
    }),
  );
  const missing = new Map([...files].map(([key, { slices: all }]) => [key, all.length]));
  return {
    begin(parcel) {
      if (parcel.kind !== "slice") return;
      // Whoever needs it sees the failure.
      void files
        .get(`${parcel.item}/${parcel.path}`)
        ?.readHash()
        .catch(() => {});
    },
    arrive(parcel) {
      if (parcel.kind !== "slice") return undefined;
      const key = `${parcel.item}/${parcel.path}`;
      const left = (missing.get(key) ?? 0) - 1;
      missing.set(key, left);
      return left === 0 ? files.get(key) : undefined;
    },
    noteRaw: ({ id }) => void rawIds.add(id),
    find: (item, path) => files.get(`${item}/${path}`),
  };
}

function makeSlicedFile(
  packer: Packer,
  plan: PushPlan,
  file: LargeFile,
  { slices, rawIds }: { slices: readonly Slice[]; rawIds: ReadonlySet<string> },
): SlicedFile {
  const path = toDiskPath(joinSource(plan.sources.get(file.item) ?? "", file.path));
  let reading: Promise<string> | undefined;
  return {
    file,
    slices,
    mark: `file-${hash("sha256", `${file.item}/${file.path}`).slice(0, 32)}`,
    isRaw: () => slices.some(({ id }) => rawIds.has(id)),
    readHash: async () => (reading ??= packer.hash(path)),
  };
}
