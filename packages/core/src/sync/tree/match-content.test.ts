import fc from "fast-check";
import { expect, test } from "vitest";
import { LINKS_OF_ONE_FILE, matchContent } from "./match-content.ts";
import { anyEntries } from "./tree-entry.fixture.ts";
import type { FileEntry, TreeEntry } from "./tree-entry.ts";
import { parseIndex, renderIndex } from "./tree-index.ts";

function makeFile(path: string, sha256 = "a", mode = 0o444): FileEntry {
  return { path, kind: "file", mode, sizeBytes: 5, mtimeSeconds: 1, sha256: sha256.repeat(64) };
}

function findThere(there: ReadonlyMap<string, readonly TreeEntry[]>, path: string): TreeEntry | undefined {
  return [...there]
    .flatMap(([name, entries]) => entries.map((entry) => ({ at: `${name.replace("%", "/")}/${entry.path}`, entry })))
    .find(({ at }) => at === path)?.entry;
}

test("a match has the same hash, size and mode, and is never empty", () => {
  fc.assert(
    fc.property(anyEntries(fc.nat(2)), anyEntries(fc.nat(2)), anyEntries(fc.nat(2)), (here, old, older) => {
      const there = new Map([
        ["store%old", parseIndex(renderIndex(old))],
        ["store%older", older],
      ]);
      for (const [path, existing] of matchContent(here, there)) {
        const file = here.find((entry) => entry.path === path);
        const found = findThere(there, existing);
        if (file?.kind !== "file" || found?.kind !== "file") throw new TypeError("only files match");
        expect(found).toMatchObject({ mode: file.mode, sizeBytes: file.sizeBytes });
        expect(file.sha256?.slice(0, 48)).toBe(found.sha256?.slice(0, 48));
        expect(file.sizeBytes).toBeGreaterThan(0);
      }
    }),
  );
});

test("a tree that did not change matches itself, each file the one of its own path", () => {
  fc.assert(
    fc.property(anyEntries(), (entries) => {
      const files = entries.filter(
        (entry) => entry.kind === "file" && entry.sha256 !== undefined && entry.sizeBytes > 0,
      );
      const matches = matchContent(entries, new Map([["jobs%j", entries]]));
      expect([...matches]).toEqual(files.map(({ path }) => [path, `jobs/j/${path}`]));
    }),
  );
});

test("a file that moved is found by its content", () => {
  const there = new Map([["store%old", [makeFile("a/b")]]]);
  expect([...matchContent([makeFile("c")], there)]).toEqual([["c", "store/old/a/b"]]);
});

test("an item that is one file is linked by its name", () => {
  expect([...matchContent([makeFile("")], new Map([["store%old", [makeFile("")]]]))]).toEqual([["", "store/old"]]);
});

test("files of one content share its files there in turn", () => {
  const there = new Map([["store%old", [makeFile("x"), makeFile("y")]]]);
  const matches = matchContent(
    ["a", "b", "c"].map((path) => makeFile(path)),
    there,
  );
  expect([...matches.values()]).toEqual(["store/old/x", "store/old/y", "store/old/x"]);
});

test("one file gets at most a thousand links in a push, over all its items", () => {
  const there = new Map([["store%old", [makeFile("x"), makeFile("y", "b")]]]);
  const links = new Map<string, number>();
  const names = Array.from({ length: 600 }, (_, index) => makeFile(`f${index}`));
  expect(matchContent(names, there, links).size).toBe(600);
  expect(matchContent(names, there, links).size).toBe(LINKS_OF_ONE_FILE - 600);
  expect(matchContent([makeFile("x"), makeFile("y", "b")], there, links)).toEqual(new Map([["y", "store/old/y"]]));
});
