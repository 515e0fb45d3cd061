// Ids of parcels and plans: they follow from what is in them and where it goes, by nothing that differs on a second run.
import { hash } from "node:crypto";
import { renderLine } from "../tree/tree-index.ts";
import type { BytePath, FileEntry } from "../tree/tree-entry.ts";
import type { Encoding, PackEntry, Parcel } from "./parcel.ts";

const PARCEL_CHARACTERS = 32;
const PLAN_CHARACTERS = 16;

/** Names a bundle by its entries' lines and destinations. */
export function nameBundle(entries: readonly PackEntry[], destinations: ReadonlyMap<number, string>): string {
  const lines = entries.map(({ item, entry, existing }) => [destinations.get(item), renderLine(entry), existing ?? ""]);
  return digest(["bundle", lines], PARCEL_CHARACTERS);
}

/** Names a slice by its file's line and destination, and its place in it. */
export function nameSlice(
  file: FileEntry,
  destination: string,
  part: { offsetBytes: number; sizeBytes: number; encoding: Encoding },
): string {
  const { offsetBytes, sizeBytes, encoding } = part;
  return digest(["slice", destination, renderLine(file), offsetBytes, sizeBytes, encoding], PARCEL_CHARACTERS);
}

/** Names a plan by its parcels and by which item goes where. */
export function namePlan(parcels: readonly Parcel[], destinations: ReadonlyMap<number, BytePath>): string {
  return digest(["plan", parcels.map(({ id }) => id), [...destinations]], PLAN_CHARACTERS);
}

function digest(value: unknown, characters: number): string {
  return hash("sha256", JSON.stringify(value)).slice(0, characters);
}
