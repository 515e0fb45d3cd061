import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scanTree } from "./scan-tree.ts";

let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "repx-scan-"));
});

afterEach(async () => {
  await rm(top, { recursive: true, force: true });
});

function scan(only?: readonly string[]): [string, string][] {
  return scanTree({ source: top, isStore: true, only }).map(({ path, kind }) => [path, kind]);
}

test("lists folders before what they hold, and siblings in byte order", () => {
  for (const path of ["b", "a", "a.d", "Z"]) mkdirSync(join(top, path));
  for (const name of ["a/file", "a.d/file", "\u00e9"]) writeFileSync(join(top, name), "");
  writeFileSync(Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0x0a])]), "");
  expect(scan().map(([path]) => path)).toEqual([
    "",
    "Z",
    "a",
    "a/file",
    "a.d",
    "a.d/file",
    "b",
    "\u00c3\u00a9",
    "\u00ff\n",
  ]);
});

test("says of each entry what it is", () => {
  writeFileSync(join(top, "file"), "12345");
  chmodSync(join(top, "file"), 0o4750);
  symlinkSync("../nowhere \u00e9", join(top, "link"));
  utimesSync(join(top, "file"), 100, 1234.9);
  lutimesSync(join(top, "link"), 100, new Date(-5000));
  chmodSync(top, 0o1755);
  utimesSync(top, 100, 99);
  expect(scanTree({ source: top, isStore: false })).toEqual([
    { path: "", kind: "folder", mode: 0o755, mtimeSeconds: 99 },
    { path: "file", kind: "file", mode: 0o750, sizeBytes: 5, mtimeSeconds: 1234 },
    { path: "link", kind: "symlink", target: "../nowhere \u00c3\u00a9", mtimeSeconds: 0 },
  ]);
});

test("gives a store path no write bits and the time 1", () => {
  writeFileSync(join(top, "file"), "", { mode: 0o775 });
  expect(scanTree({ source: top, isStore: true })).toMatchObject([
    { mode: 0o500, mtimeSeconds: 1 },
    { mode: 0o555, mtimeSeconds: 1 },
  ]);
});

test("a file's second name in the tree is a hard link to its first; a name outside does not count", () => {
  mkdirSync(join(top, "in"));
  writeFileSync(join(top, "in/b"), "x");
  linkSync(join(top, "in/b"), join(top, "in/c"));
  linkSync(join(top, "in/b"), join(top, "outside"));
  expect(scanTree({ source: join(top, "in"), isStore: true }).slice(1)).toMatchObject([
    { path: "b", kind: "file" },
    { path: "c", kind: "hardlink", target: "b" },
  ]);
  expect(scan(["in/c", "outside"]).slice(2)).toEqual([
    ["in/c", "file"],
    ["outside", "hardlink"],
  ]);
});

test("lists only what is wanted, with the folders that lead there, once", () => {
  for (const path of ["a/b/c", "a/d", "e"]) mkdirSync(join(top, path), { recursive: true });
  for (const path of ["a/b/c/1", "a/b/2", "a/d/3", "e/4", "5"]) writeFileSync(join(top, path), "");
  const paths = (only: string[]): string[] => scan(only).map(([path]) => path);
  expect(paths(["a/b/c/1", "5"])).toEqual(["", "5", "a", "a/b", "a/b/c", "a/b/c/1"]);
  expect(paths(["a/b/c/1", "a/b"])).toEqual(["", "a", "a/b", "a/b/2", "a/b/c", "a/b/c/1"]);
  expect(paths(["a/b", "a/b/c/1"])).toEqual(paths(["a/b/c/1", "a/b"]));
  expect(paths([""])).toEqual(scan().map(([path]) => path));
  expect(paths([])).toEqual([""]);
});

test.each(["..", "a/../b", "/etc", "a//b", "./a"])("%s is no path in a tree", (path) => {
  expect(() => scan([path])).toThrow(TypeError);
});

test("the top may be a file or a symbolic link", () => {
  writeFileSync(join(top, "file"), "12", { mode: 0o644 });
  symlinkSync("file", join(top, "link"));
  expect(scanTree({ source: join(top, "file"), isStore: true })).toEqual([
    { path: "", kind: "file", mode: 0o444, sizeBytes: 2, mtimeSeconds: 1 },
  ]);
  expect(scanTree({ source: join(top, "link"), isStore: true })).toEqual([
    { path: "", kind: "symlink", target: "file", mtimeSeconds: 1 },
  ]);
});

test("refuses a FIFO, by its path", () => {
  execFileSync("mkfifo", [join(top, "a\npipe")]);
  expect(() => scan()).toThrow(
    expect.objectContaining({
      code: "SYNC_SOURCE_UNSUPPORTED",
      message: `${top}/a\\npipe is a socket, a FIFO or a device`,
    }),
  );
});

test("refuses a socket", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(join(top, "socket"), resolve);
  });
  expect(() => scan()).toThrow(expect.objectContaining({ code: "SYNC_SOURCE_UNSUPPORTED" }));
  server.close();
});

test.each([
  ["is not there", undefined, "gone"],
  ["is not there, inside", ["gone"], ""],
  ["is inside of a file", ["file/inside"], ""],
])("refuses what %s", (_, only, name) => {
  writeFileSync(join(top, "file"), "");
  expect(() => scanTree({ source: join(top, name), isStore: true, only })).toThrow(
    expect.objectContaining({ code: "SYNC_SOURCE_UNREADABLE" }),
  );
});

test("refuses a folder that may not be read", () => {
  chmodSync(top, 0o755);
  mkdirSync(join(top, "closed"), { mode: 0 });
  // Root may read everything; in this one thread it steps down for a moment.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    expect(() => scan()).toThrow(
      expect.objectContaining({
        code: "SYNC_SOURCE_UNREADABLE",
        message: `cannot read ${top}/closed: EACCES: permission denied`,
      }),
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
