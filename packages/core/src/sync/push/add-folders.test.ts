import { expect, test } from "vitest";
import type { Bundle } from "../pack/parcel.ts";
import { addFolders } from "./add-folders.ts";

test("every folder comes once, before what it holds", () => {
  const paths: readonly (readonly [number, string])[] = [
    [1, ""],
    [2, "a/b/one"],
    [2, "a/b/two"],
    [2, "a/c/three"],
    [2, "top"],
    [3, "a/four"],
  ];
  const entries = paths.map(([item, path]) => ({
    item,
    entry: { kind: "symlink", path, target: "x", mtimeSeconds: 1 } as const,
  }));
  const bundle: Bundle = { kind: "bundle", id: "0".repeat(32), entries, sizeBytes: 0 };
  expect(addFolders(bundle).entries.map(({ item, entry }) => `${item}/${entry.path} ${entry.kind}`)).toEqual([
    "1/ symlink",
    "2/ folder",
    "2/a folder",
    "2/a/b folder",
    "2/a/b/one symlink",
    "2/a/b/two symlink",
    "2/a/c folder",
    "2/a/c/three symlink",
    "2/top symlink",
    "3/ folder",
    "3/a folder",
    "3/a/four symlink",
  ]);
});
