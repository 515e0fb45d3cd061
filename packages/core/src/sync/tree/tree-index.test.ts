import fc from "fast-check";
import { expect, test } from "vitest";
import { anyEntries } from "./tree-entry.fixture.ts";
import { parseIndex, parseIndexes, parseIndexName, renderIndex, renderIndexName } from "./tree-index.ts";

const HASH = "ab".repeat(24);

test("an index gives back every entry, whatever bytes its names have", () => {
  fc.assert(
    fc.property(anyEntries(), (entries) => {
      const short = entries.map((entry) =>
        entry.kind === "file" && entry.sha256 !== undefined ? { ...entry, sha256: entry.sha256.slice(0, 48) } : entry,
      );
      expect(parseIndex(renderIndex(entries))).toEqual(short);
    }),
  );
});

test("an index is printable ASCII with one line an entry", () => {
  fc.assert(
    fc.property(anyEntries(), (entries) => {
      const text = renderIndex(entries);
      expect(text).toMatch(/^[ -~\n]*$/);
      expect(text.split("\n")).toHaveLength(entries.length + 3);
    }),
  );
});

test("an index that was cut anywhere is refused", () => {
  fc.assert(
    fc.property(anyEntries(), fc.nat(), (entries, seed) => {
      const text = renderIndex(entries);
      expect(() => parseIndex(text.slice(0, seed % text.length))).toThrow(SyntaxError);
    }),
  );
});

test.each([
  ["a line of no kind", "x 644 1 a"],
  ["a short hash", `f 644 1 5 ${HASH.slice(2)} a`],
  ["a mode that is not octal", "d 888 1 a"],
  ["a path that leads out", "d 755 1 a/../../b"],
  ["a path that leads out by escaped dots", String.raw`d 755 1 \x2e\x2e/b`],
  ["an absolute path", "d 755 1 /etc"],
  ["a hard link that leads out", "h a ../b"],
  ["an escape of another kind", String.raw`d 755 1 a\n`],
  ["a byte that no name has", String.raw`d 755 1 a\x00`],
  ["a missing field", "d 755 a"],
])("refuses %s", (_, line) => {
  expect(() => parseIndex(`repx tree 1\n${line}\nend 1\n`)).toThrow(SyntaxError);
});

test("a corrupt index is as good as none", () => {
  const entries = [{ path: "", kind: "folder", mode: 0o555, mtimeSeconds: 1 }] as const;
  const texts = new Map([
    ["store%a", renderIndex(entries)],
    ["store%b", "half an ind"],
  ]);
  expect([...parseIndexes(texts)]).toEqual([["store%a", entries]]);
});

test("the name of an index tells what it is about", () => {
  expect(renderIndexName("store/abc-tool")).toBe("store%abc-tool");
  expect(parseIndexName("store%abc-tool")).toBe("store/abc-tool");
});
