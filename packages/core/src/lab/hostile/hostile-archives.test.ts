// Archives that somebody made to harm: each ends in LAB_INVALID with a short message.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refuseLabAt as refuse } from "./refuse-lab-at.fixture.ts";
import { makeTar, type HandEntry } from "../source/tar.fixture.ts";

let scratch: string;
let count = 0;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-archives-"));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const MANIFEST: HandEntry = { path: "lab/lab-metadata.json", body: "{}" };

describe("an archive", () => {
  test.each<[string, readonly HandEntry[], string]>([
    ["an absolute name", [MANIFEST, { path: "/etc/passwd" }], "outside of itself: /etc/passwd"],
    ["a name that climbs", [MANIFEST, { path: "a/../../b" }], "outside of itself"],
    ["a name that climbs, in pax records", [MANIFEST, { path: "a", pax: { path: "../b" } }], "outside of itself"],
    ["control characters in a name", [MANIFEST, { path: "a\u001b[31m" }], "control characters"],
    ["a very deep name", [MANIFEST, { path: "x", pax: { path: "d/".repeat(100) } }], "too deep"],
    [
      "an entry below a link",
      [MANIFEST, { path: "a", type: "SymbolicLink", link: "/tmp" }, { path: "a/b" }],
      "in what is no folder",
    ],
    ["an entry below a file", [MANIFEST, { path: "a" }, { path: "a/b" }], "in what is no folder"],
    ["a link with content", [MANIFEST, { path: "a", type: "SymbolicLink", link: "b", body: "x" }], "where none can be"],
    [
      "two Labs",
      [
        { ...MANIFEST, path: "a/lab/lab-metadata.json" },
        { ...MANIFEST, path: "b/lab/lab-metadata.json" },
      ],
      "more than one Lab: a/, b/",
    ],
    ["no Lab", [{ path: "a" }], "lab/lab-metadata.json is missing"],
    ["a size that it does not have", [MANIFEST, { path: "a", size: 8 ** 11 - 1 }], "ends too early"],
    ["a size beyond all numbers", [MANIFEST, { path: "a", pax: { size: 1e300 } }], "where none can be"],
    [
      "hard links in a circle",
      [
        { path: "lab/lab-metadata.json", type: "Link", link: "lab/b" },
        { path: "lab/b", type: "Link", link: "lab/lab-metadata.json" },
      ],
      "in a circle",
    ],
    [
      "a hard link out of the Lab",
      [{ path: "x/lab/lab-metadata.json", type: "Link", link: "secret" }, { path: "secret" }],
      "leads out of the Lab",
    ],
    [
      "a manifest by an absolute link",
      [{ path: "lab/lab-metadata.json", type: "SymbolicLink", link: "/etc/passwd" }],
      "leads out of the Lab",
    ],
    ["a pipe for the manifest", [{ path: "lab/lab-metadata.json", type: "FIFO" }], "is not a file"],
  ])("with %s is refused, compressed or not", async (_, entries, message) => {
    const path = join(scratch, `hand${++count}.tar`);
    await writeFile(path, makeTar(entries));
    expect((await refuse(path)).message).toContain(message);
    await writeFile(`${path}.zst`, zstdCompressSync(makeTar(entries)));
    expect((await refuse(`${path}.zst`)).message).toContain(message);
  });

  test.each<[string, Buffer, string]>([
    ["empty", Buffer.alloc(0), "it is no tar archive"],
    ["text", Buffer.alloc(5000, "words "), "it is no tar archive"],
    ["cut in a header", makeTar([MANIFEST, { path: "a" }]).subarray(0, 1200), "the archive ends too early"],
    ["cut between entries", makeTar([MANIFEST]).subarray(0, 1024), "the archive ends too early"],
    ["cut in a compressed frame", zstdCompressSync(makeTar([MANIFEST])).subarray(0, 60), "the archive cannot be read"],
    ["compressed garbage", Buffer.from("28b52ffd0102030405060708", "hex"), "the archive cannot be read"],
  ])("that is %s is refused", async (_, bytes, message) => {
    const path = join(scratch, `bytes${++count}`);
    await writeFile(path, bytes);
    expect((await refuse(path)).message).toContain(message);
  });

  test("of more entries than any Lab has is refused", async () => {
    const path = join(scratch, "entries.tar.zst");
    // Each has fifty folders of its own.
    const folders = "n/".repeat(45);
    const blocks = Array.from({ length: 22_000 }, (__, number) =>
      makeTar([{ path: `${number}/${folders}x` }]).subarray(0, 512),
    );
    await writeFile(path, zstdCompressSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
    expect((await refuse(path)).message).toMatch(/more than 1000000 entries/);
  });

  test("that expands without end is refused", async () => {
    const path = join(scratch, "bomb.tar.zst");
    const frame = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    const first = makeTar([MANIFEST, { path: "zeros", size: 8 ** 11 - 1 }]).subarray(0, -1024);
    await writeFile(path, Buffer.concat([zstdCompressSync(first), ...Array.from({ length: 12 }, () => frame)]));
    expect((await refuse(path)).message).toMatch(/expand to more than/);
  });
});
