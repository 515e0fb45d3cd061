import { createHash } from "node:crypto";
import { chownSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scanTree } from "../tree/scan-tree.ts";
import { anyName } from "../tree/tree-entry.fixture.ts";
import { packBundle } from "./pack-bundle.ts";
import { planParcels } from "./plan-parcels.ts";
import { renderClosing } from "./render-closing.ts";
import { atBytes, listTree, makeOddTree, makeTarget, startScratch, unpack } from "./tar-tree.fixture.ts";

const STAGING = ".staging/0123456789abcdef.01234567";
const TARS: [string, string[]][] = [
  ["GNU tar", ["tar"]],
  ["busybox tar", ["busybox", "tar"]],
];

/** Sends a tree as a push does, all bundles and then the closing. */
async function carry(
  tar: readonly string[],
  source: string,
  artifacts: string,
  existing: ReadonlyMap<string, string> = new Map(),
): Promise<string> {
  const entries = scanTree({ source, isStore: false });
  const plan = planParcels([{ number: 1, destination: "artifacts/store/new", entries, existing }], "zstd");
  const place = { sources: new Map([[1, source]]), staging: STAGING };
  for (const parcel of plan.parcels) {
    if (parcel.kind !== "bundle") throw new TypeError("a bundle is expected");
    const { archive } = packBundle(parcel, place, (size) => Buffer.allocUnsafeSlow(size));
    await unpack(tar, archive, artifacts);
  }
  const indexes = new Map([["store%new", "what an index says\n"]]);
  await unpack(tar, renderClosing(plan.closing, indexes, STAGING), artifacts);
  return join(artifacts, STAGING, "1");
}

/** Busybox gives a folder its mode when it makes it, never later; and no symbolic link its time. */
function forgetBusyboxLimits(text: string): string {
  return text.replaceAll(/ (?:d \d+|l 777) \d+\.\d+ /g, " ");
}

describe.each(TARS)("%s", (_, tar) => {
  test("unpacks a tree with odd names, links and closed folders as it was", async () => {
    await using scratch = await startScratch();
    const source = join(scratch.path, "caf\u00e9 source");
    await makeOddTree(source);
    const artifacts = makeTarget(scratch.path, STAGING);
    const there = await carry(tar, source, artifacts);
    const forget = tar[0] === "tar" ? (text: string): string => text : forgetBusyboxLimits;
    expect(forget(await listTree(there))).toBe(forget(await listTree(source)));
    expect(readFileSync(join(artifacts, STAGING, "index/store%new"), "utf8")).toBe("what an index says\n");
  });

  test("makes a file that is there already a hard link to it", async () => {
    await using scratch = await startScratch();
    const source = join(scratch.path, "source");
    mkdirSync(source);
    writeFileSync(join(source, "same"), "same", { mode: 0o444 });
    writeFileSync(join(source, "new"), "new", { mode: 0o444 });
    const artifacts = makeTarget(scratch.path, STAGING);
    const odd = `${"o".repeat(120)} \n \u00fe`;
    writeFileSync(atBytes(join(artifacts, "store/old"), odd), "same", { mode: 0o444 });
    // Linking another's file is forbidden where fs.protected_hardlinks is set.
    if (process.getuid?.() === 0) chownSync(atBytes(join(artifacts, "store/old"), odd), 65_534, 65_534);
    const there = await carry(tar, source, artifacts, new Map([["same", `store/old/${odd}`]]));
    expect(statSync(join(there, "same")).ino).toBe(statSync(atBytes(join(artifacts, "store/old"), odd)).ino);
    expect(readFileSync(join(there, "new"), "utf8")).toBe("new");
  });

  test("leaves the top folder of an item writable for its owner, and no other that was not", async () => {
    await using scratch = await startScratch();
    const source = join(scratch.path, "source");
    mkdirSync(join(source, "inner"), { recursive: true, mode: 0o755 });
    for (const path of [join(source, "inner"), source]) {
      writeFileSync(join(path, "file"), "");
    }
    const entries = scanTree({ source, isStore: true });
    const artifacts = makeTarget(scratch.path, STAGING);
    await unpack(
      tar,
      renderClosing(
        entries.filter(({ kind }) => kind === "folder").map((entry) => ({ item: 3, entry })),
        new Map(),
        STAGING,
      ),
      artifacts,
    );
    const top = statSync(join(artifacts, STAGING, "3"));
    expect([top.mode & 0o777, top.mtimeMs]).toEqual([0o755, 1000]);
    expect(statSync(join(artifacts, STAGING, "3/inner")).mode & 0o777).toBe(0o555);
  });

  test("unpacks names of any bytes", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyName(250), { minLength: 1, maxLength: 60 }), async (names) => {
        await using scratch = await startScratch();
        const source = join(scratch.path, "source");
        mkdirSync(source);
        for (const [index, name] of names.entries()) {
          if (index % 4 === 0) symlinkSync(Buffer.from(name, "latin1"), atBytes(source, name));
          else writeFileSync(atBytes(source, name), name.repeat(index));
        }
        const there = await carry(tar, source, makeTarget(scratch.path, STAGING));
        expect(scanTree({ source: there, isStore: true })).toEqual(scanTree({ source, isStore: true }));
      }),
      { numRuns: 5 },
    );
  });

  test.each(["file", "symlink"])("unpacks an item that is a %s itself", async (kind) => {
    await using scratch = await startScratch();
    const source = join(scratch.path, "source");
    if (kind === "file") writeFileSync(source, "content", { mode: 0o444 });
    else symlinkSync("content", source);
    const there = await carry(tar, source, makeTarget(scratch.path, STAGING));
    expect(scanTree({ source: there, isStore: true })).toEqual(scanTree({ source, isStore: true }));
  });
});

describe("a bundle", () => {
  const entry = { path: "file", kind: "file", mode: 0o644, sizeBytes: 1000, mtimeSeconds: 1 } as const;
  const pack = (source: string): ReturnType<typeof packBundle> =>
    packBundle({ entries: [{ item: 1, entry }] }, { sources: new Map([[1, source]]), staging: STAGING }, (size) =>
      Buffer.alloc(size, 255),
    );

  test("says the hash of each file, whatever its memory held before", async () => {
    await using scratch = await startScratch();
    writeFileSync(join(scratch.path, "file"), "x".repeat(1000));
    const { archive, fileHashes } = pack(scratch.path);
    expect([...fileHashes]).toEqual([["1/file", createHash("sha256").update("x".repeat(1000)).digest("hex")]]);
    expect(archive.subarray(1512).equals(Buffer.alloc(24 + 1024))).toBe(true);
  });

  test.each<[string, (path: string) => void]>([
    ["grew", (path) => writeFileSync(path, "x".repeat(1001))],
    ["shrank", (path) => writeFileSync(path, "x".repeat(999))],
    ["vanished", (path) => rmSync(path)],
    ["became a folder", (path) => (rmSync(path), mkdirSync(path))],
    ["became a symbolic link", (path) => (rmSync(path), symlinkSync("/etc/hostname", path))],
  ])("refuses a file that %s", async (_, change) => {
    await using scratch = await startScratch();
    writeFileSync(join(scratch.path, "file"), "x".repeat(1000));
    change(join(scratch.path, "file"));
    expect(() => pack(scratch.path)).toThrow(expect.objectContaining({ code: "SYNC_SOURCE_CHANGED" }));
  });
});
