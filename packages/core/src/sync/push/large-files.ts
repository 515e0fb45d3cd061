// Files that travel in slices: what is known of them, and when they are whole.
import { hash } from "node:crypto";
import type { Packer } from "../pack/packer.ts";
import type { Parcel, Slice } from "../pack/parcel.ts";
import type { LargeFile } from "../pack/plan-parcels.ts";
import { joinSource, toDiskPath } from "../tree/byte-path.ts";
import type { PushPlan } from "./plan-push.ts";

/** A file in slices, as it is being sent. */
export interface SlicedFile {
  readonly file: LargeFile;
  /** Name of the mark that says that it is whole. */
  readonly mark: string;
  readonly slices: readonly Slice[];
  /** Its SHA-256, read once, where only that tells whether it arrived; undefined where its slices carry checksums. */
  readonly readHash: () => Promise<string | undefined>;
}

/** The large files of a push. */
export interface SlicedFiles {
  /** Begins to hash the file of a parcel that is about to be sent. */
  begin(parcel: Parcel): void;
  /** Counts a slice; answers with its file when that was the last one. */
  arrive(parcel: Parcel): SlicedFile | undefined;
}

/** Starts with nothing arrived. */
export function startSlicedFiles(packer: Packer, plan: PushPlan): SlicedFiles {
  const slices = Map.groupBy(
    plan.parcels.filter((parcel) => parcel.kind === "slice"),
    ({ item, path }) => `${item}/${path}`,
  );
  const files = new Map(
    plan.largeFiles.map((file): [string, SlicedFile] => {
      const key = `${file.item}/${file.path}`;
      return [key, makeSlicedFile(packer, plan, file, slices.get(key) ?? [])];
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
  };
}

function makeSlicedFile(packer: Packer, plan: PushPlan, file: LargeFile, slices: readonly Slice[]): SlicedFile {
  const path = toDiskPath(joinSource(plan.sources.get(file.item) ?? "", file.path));
  let reading: Promise<string> | undefined;
  return {
    file,
    slices,
    mark: `file-${hash("sha256", `${file.item}/${file.path}`).slice(0, 32)}`,
    readHash: async () => (plan.encoding === "none" ? (reading ??= packer.hash(path)) : undefined),
  };
}
