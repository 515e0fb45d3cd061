import type { Bundle, PackEntry } from "../pack/parcel.ts";
import type { BytePath } from "../tree/tree-entry.ts";

/**
 * Adds to a bundle the folders that its entries need, open to their owner. Left to itself, GNU tar 1.34 fails when
 * another tar makes a missing folder at the same moment: only what it made itself does it take for a repair.
 */
export function addFolders(bundle: Bundle): Bundle {
  const known = new Set<string>();
  const entries = bundle.entries.flatMap((each) => [...listMissing(each, known), each]);
  return { ...bundle, entries };
}

function listMissing({ item, entry }: PackEntry, known: Set<string>): PackEntry[] {
  const missing: PackEntry[] = [];
  for (let path = entry.path; path !== "";) {
    path = nameFolder(path);
    const key = `${item}/${path}`;
    if (known.has(key)) break;
    known.add(key);
    missing.unshift({ item, entry: { kind: "folder", path, mode: 0o755, mtimeSeconds: 1 } });
  }
  return missing;
}

function nameFolder(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
