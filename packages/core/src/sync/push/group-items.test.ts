import { expect, test } from "vitest";
import type { TreeEntry } from "../tree/tree-entry.ts";
import { checkDestinations, groupTrees, listEntries, type Tree } from "./group-items.ts";

function makeTree(source: string, destination: string, change: { mode?: number; replaces?: boolean } = {}): Tree {
  const top: TreeEntry = { path: "", kind: "folder", mode: change.mode ?? 0o755, mtimeSeconds: 1 };
  const entries: TreeEntry[] = [
    top,
    { path: "f", kind: "file", mode: 0o444, sizeBytes: 1, mtimeSeconds: 1 },
    { path: "g", kind: "hardlink", target: "f" },
  ];
  const { replaces } = change;
  return {
    item: { source, destination, ...(replaces === undefined ? {} : { replaces }) },
    entries,
    existing: new Map(),
  };
}

test("what others refer to comes before what refers to it", () => {
  const places = [
    "submissions/s",
    "artifacts/labs/l",
    "artifacts/jobs/j",
    "artifacts/images/i/1",
    "bin/f00d",
    "artifacts/store/p",
  ];
  const groups = groupTrees(places.map((place) => makeTree(`/here/${place}`, place)));
  expect(groups.map(({ folder }) => folder)).toEqual([
    "artifacts/store",
    "artifacts/images/i",
    "bin",
    "artifacts/jobs",
    "artifacts/labs",
    "submissions",
  ]);
});

test("trees of one folder that go to one folder by their names are one group", () => {
  const groups = groupTrees([
    makeTree("/nix/store/a", "artifacts/store/a"),
    makeTree("/nix/store/b", "artifacts/store/b"),
    makeTree("/other/c", "artifacts/store/c"),
    makeTree("/nix/store/lab", "artifacts/store/renamed"),
  ]);
  expect(groups.map(({ source, name, trees }) => [source, name, trees.length])).toEqual([
    ["/nix/store", undefined, 2],
    ["/other", undefined, 1],
    ["/nix/store/lab", "renamed", 1],
  ]);
  const [first, , renamed] = groups;
  expect(first === undefined ? [] : listEntries(first).map(({ path }) => path)).toEqual([
    "a",
    "a/f",
    "a/g",
    "b",
    "b/f",
    "b/g",
  ]);
  expect(first === undefined ? [] : listEntries(first)[2]).toMatchObject({ path: "a/g", target: "a/f" });
  expect(renamed === undefined ? [] : listEntries(renamed).map(({ path }) => path)).toEqual(["", "f", "g"]);
});

test("a top that shuts out its owner is open until it is in place", () => {
  const [group, open] = groupTrees([
    makeTree("/nix/store/a", "artifacts/store/a", { mode: 0o555 }),
    makeTree("/nix/store/b", "artifacts/store/b"),
  ]);
  expect([group?.topMode, open?.topMode]).toEqual(["u-w", "-"]);
  expect(group === undefined ? [] : listEntries(group)[0]).toMatchObject({ mode: 0o755 });
});

test("a submission must be new, and what replaces is apart from what stays", () => {
  const groups = groupTrees([
    makeTree("/x/s", "submissions/s"),
    makeTree("/x/a", "artifacts/things/a", { replaces: true }),
    makeTree("/x/b", "artifacts/things/b"),
  ]);
  expect(groups.map(({ rules }) => rules)).toEqual(["r", "-", "n"]);
});

test("numbers stay what they are whatever submission goes along, and no two submissions share one", () => {
  const content = makeTree("/nix/store/a", "artifacts/store/a");
  const numbers = ["one", "two"].map((name) =>
    groupTrees([makeTree("/tmp/x", `submissions/${name}`), content]).map(({ number }) => number),
  );
  expect(numbers[0]?.[0]).toBe(numbers[1]?.[0]);
  expect(numbers[0]?.[1]).not.toBe(numbers[1]?.[1]);
});

test.each(["../x", "a/../../x", "/x/y", "artifacts/store/a b", "artifacts", "-t/x", "a/-x", "a/.x", "a/x\n"])(
  "%j is no place under a base path",
  (destination) => {
    expect(() => checkDestinations([{ source: "/x", destination }])).toThrow(TypeError);
  },
);
