// Trees for property tests.
import fc from "fast-check";
import type { BytePath, TreeEntry } from "./tree-entry.ts";

/** Names as the file system allows them: any bytes but `/` and NUL. */
export function anyName(maxLength = 12): fc.Arbitrary<BytePath> {
  const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x2f);
  return fc
    .array(byte, { minLength: 1, maxLength })
    .map((codes) => String.fromCharCode(...codes))
    .filter((name) => name !== "." && name !== "..");
}

/** Entries of all kinds with distinct paths below folders of the list; hard links name files that come before. */
export function anyEntries(sizes: fc.Arbitrary<number> = fc.nat(100_000)): fc.Arbitrary<TreeEntry[]> {
  const made = fc.record({
    kind: fc.constantFrom("folder", "file", "file", "file", "symlink", "hardlink"),
    name: anyName(),
    parent: fc.nat(),
    mode: fc.constantFrom(0o555, 0o444, 0o755, 0o644, 0o700),
    mtimeSeconds: fc.nat(2_000_000_000),
    sizeBytes: sizes,
    sha256: fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }),
    target: anyName(150),
  });
  return fc.array(made, { maxLength: 40 }).map((seeds) => {
    const entries: TreeEntry[] = [{ path: "", kind: "folder", mode: 0o755, mtimeSeconds: 1 }];
    const taken = new Set<BytePath>();
    for (const { kind, name, parent, mode, mtimeSeconds, sizeBytes, sha256, target } of seeds) {
      const folders = entries.filter((entry) => entry.kind === "folder").map((entry) => entry.path);
      const files = entries.filter((entry) => entry.kind === "file").map((entry) => entry.path);
      const folder = folders[parent % folders.length] ?? "";
      const path = folder === "" ? name : `${folder}/${name}`;
      if (taken.has(path)) continue;
      taken.add(path);
      if (kind === "folder") entries.push({ path, kind, mode, mtimeSeconds });
      else if (kind === "symlink") entries.push({ path, kind, target, mtimeSeconds });
      else if (kind === "hardlink" && files.length > 0) {
        entries.push({ path, kind, target: files[parent % files.length] ?? "" });
      } else {
        const file = { path, kind: "file", mode, mtimeSeconds, sizeBytes } as const;
        entries.push(sha256 === undefined ? file : { ...file, sha256: sha256.repeat(64) });
      }
    }
    return entries;
  });
}
