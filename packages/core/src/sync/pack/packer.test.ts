import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../../target/command/command.ts";
import { scanTree } from "../tree/scan-tree.ts";
import { openPacker, type PackRequest, type SlicePart } from "./packer.ts";
import type { Bundle, Encoding } from "./parcel.ts";
import { planParcels } from "./plan-parcels.ts";
import { makeOddTree, startScratch, type Scratch } from "./tar-tree.fixture.ts";

const MIB = 1 << 20;
let scratch: Scratch;
let source: string;

beforeEach(async () => {
  scratch = await startScratch();
  source = join(scratch.path, "source");
  mkdirSync(source);
});

afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
});

function digest(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function request(parcel: PackRequest["parcel"], encoding: Encoding): PackRequest {
  return { parcel, sources: new Map([[1, source]]), staging: ".staging/p", encoding, bytesPerSecond: undefined };
}

function makeBundle(): Bundle {
  const entries = scanTree({ source, isStore: true });
  const plan = planParcels([{ number: 1, destination: "submissions/s", entries, existing: new Map() }], "zstd");
  const [bundle] = plan.parcels;
  if (bundle?.kind !== "bundle") throw new TypeError("one bundle is expected");
  return bundle;
}

function makePart(sizeBytes: number, offsetBytes = 0): SlicePart {
  return { kind: "part", id: "0", item: 1, path: "file", offsetBytes, sizeBytes };
}

test("scans a tree as scanTree does, with the hash of every file", { timeout: 60_000 }, async () => {
  await makeOddTree(source);
  writeFileSync(join(source, "large"), Buffer.alloc(3 * MIB + 5, "large"));
  await using packer = openPacker();
  const plain = await packer.scan({ source, isStore: true, hash: false });
  expect(plain).toEqual(scanTree({ source, isStore: true }));
  const hashed = await packer.scan({ source, isStore: true, hash: true });
  expect(hashed.map((entry) => ({ ...entry, sha256: undefined }))).toEqual(
    plain.map((entry) => ({ ...entry, sha256: undefined })),
  );
  const hashes = new Map(hashed.map((entry) => [entry.path, entry.kind === "file" ? entry.sha256 : "none"]));
  expect(hashes.get("large")).toBe(digest(Buffer.alloc(3 * MIB + 5, "large")));
  expect(hashes.get("a\nb")).toBe(digest("a\nb"));
  expect(hashes.get("size-0")).toBe(digest(""));
  expect([...hashes.values()]).not.toContain(undefined);
  expect(await packer.scan({ source, only: ["size-1"], isStore: true, hash: false })).toHaveLength(2);
});

test.each<[Encoding, (bytes: Uint8Array) => Uint8Array]>([
  ["zstd", zstdDecompressSync],
  ["gzip", gunzipSync],
  ["none", (bytes) => bytes],
])("packs a bundle as %s", async (encoding, decode) => {
  for (let index = 0; index < 50; index += 1) writeFileSync(join(source, `${index}`), `${index} `.repeat(500));
  await using packer = openPacker(1);
  const bundle = makeBundle();
  const packed = await packer.pack(request(bundle, encoding));
  expect(packed.encoding).toBe(encoding);
  expect(packed.sha256).toBe(encoding === "none" ? digest(packed.bytes) : "-");
  expect(packed.fileHashes.get("1/7")).toBe(digest("7 ".repeat(500)));
  expect(packed.fileHashes.size).toBe(50);
  const raw = await packer.pack(request(bundle, "none"));
  expect(digest(decode(packed.bytes))).toBe(raw.sha256);
});

test("packs parts of a file that together are the file", async () => {
  const content = Buffer.from(Array.from({ length: 3 * MIB }, (_, index) => (index >> 9) % 251));
  writeFileSync(join(source, "file"), content);
  await using packer = openPacker(2);
  const slices = await Promise.all(
    [0, 1, 2].map(async (index) => packer.pack(request(makePart(MIB, index * MIB), "zstd"))),
  );
  expect(digest(Buffer.concat(slices.map(({ bytes }) => zstdDecompressSync(bytes))))).toBe(digest(content));
  expect(await packer.hash(join(source, "file"))).toBe(digest(content));
});

test("results do not share memory before they are released, and then the next one takes it", async () => {
  await using packer = openPacker(1);
  writeFileSync(join(source, "file"), "first".repeat(10_000));
  const first = await packer.pack(request(makePart(50_000), "none"));
  writeFileSync(join(source, "file"), "other".repeat(10_000));
  const second = await packer.pack(request(makePart(50_000), "none"));
  expect([digest(first.bytes), digest(second.bytes)]).toEqual([first.sha256, second.sha256]);
  first.release();
  writeFileSync(join(source, "file"), "third".repeat(10_000));
  const third = await packer.pack(request(makePart(50_000), "none"));
  expect(digest(second.bytes)).toBe(second.sha256);
  expect(digest(first.bytes)).toBe(third.sha256);
});

test("an error of a person comes through as one", async () => {
  await using packer = openPacker(1);
  const failure = { name: "RepxError", code: "SYNC_SOURCE_UNREADABLE", hint: expect.stringContaining("ls -ld") };
  await expect(packer.scan({ source: join(source, "gone"), isStore: true, hash: true })).rejects.toMatchObject(failure);
  writeFileSync(join(source, "file"), "x");
  const bundle = makeBundle();
  rmSync(join(source, "file"));
  await expect(packer.pack(request(bundle, "zstd"))).rejects.toMatchObject({ code: "SYNC_SOURCE_CHANGED" });
  await expect(packer.pack(request(makePart(5), "zstd"))).rejects.toMatchObject({ code: "SYNC_SOURCE_CHANGED" });
  // The thread is whole after that.
  writeFileSync(join(source, "file"), "x");
  expect((await packer.pack(request(bundle, "none"))).fileHashes.get("1/file")).toBe(digest("x"));
});

/** A thread that ends when it is to scan, and else answers in its own way. */
function writeProgram(end: string, answer: string): URL {
  const path = join(scratch.path, "program.mjs");
  writeFileSync(
    path,
    `import { parentPort } from "node:worker_threads";
    parentPort.on("message", (job) => { if (job.kind === "scan") { ${end} } else parentPort.postMessage(${answer}); });`,
  );
  return pathToFileURL(path);
}

test.each([
  ["exits", "process.exit(7)", "it exited with 7"],
  ["throws", "throw new Error('out of something')", "out of something"],
])("a thread that %s rejects what it had, and another one takes what waits", async (_, end, reason) => {
  await using packer = openPacker(1, writeProgram(end, '{ result: ["digest"] }'));
  const lost = ["a", "b"].map(async (each) => packer.scan({ source: each, isStore: true, hash: false }));
  const hash = packer.hash("c");
  for (const each of lost) {
    await expect(each).rejects.toMatchObject({
      code: "SYNC_FAILED",
      message: `a thread that reads and packs files ended: ${reason}`,
    });
  }
  expect(await hash).toBe("digest");
});

test("a program that is not there fails every request and waits for nothing", async () => {
  await using packer = openPacker(2, pathToFileURL(join(scratch.path, "gone.mjs")));
  const ends = await Promise.allSettled(["a", "b", "c"].map(async (path) => packer.hash(path)));
  for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "SYNC_FAILED" } });
});

test.each([
  "undefined",
  "{ result: 5 }",
  "{ result: [5] }",
  "{ result: { bytes: new Uint8Array(1), encoding: 'xz', sha256: '', fileHashes: new Map() } }",
  "{ failure: { code: 'NO_CODE', message: 'm', hint: 'h' } }",
  "{ bug: 'stack' }",
])("the answer %s is nobody's", async (answer) => {
  await using packer = openPacker(1, writeProgram("", answer));
  await expect(packer.hash("a")).rejects.toThrow(TypeError);
  await expect(packer.pack(request(makePart(5), "none"))).rejects.toThrow(TypeError);
});

test("what a thread cannot do is a bug of ours, and it goes on", async () => {
  await using packer = openPacker(1);
  writeFileSync(join(source, "file"), "x");
  // No memory is as large.
  await expect(packer.pack(request(makePart(2 ** 52), "zstd"))).rejects.toThrow(/packing thread failed: RangeError/);
  expect(await packer.hash(join(source, "file"))).toBe(digest("x"));
});

test("closing ends threads in mid-work and rejects what was asked", async () => {
  writeFileSync(join(source, "file"), Buffer.alloc(16 * MIB));
  const packer = openPacker(2);
  const jobs = Array.from({ length: 12 }, async () => packer.pack(request(makePart(16 * MIB), "gzip")));
  const ends = Promise.allSettled(jobs);
  await packer[Symbol.asyncDispose]();
  for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "SYNC_FAILED" } });
  await expect(packer.hash(join(source, "file"))).rejects.toMatchObject({ code: "SYNC_FAILED" });
});

test("idle threads keep no process alive", async () => {
  writeFileSync(join(source, "file"), "x");
  const module = new URL("packer.ts", import.meta.url).href;
  const program = `import { openPacker } from ${JSON.stringify(module)};
    console.log(await openPacker().hash(${JSON.stringify(join(source, "file"))}));`;
  const output = await runCommand({
    argv: [process.execPath, "--input-type=module", "-e", program],
    deadlineSeconds: 20,
  });
  expect(output).toMatchObject({ exitCode: 0, isTimedOut: false, stdout: `${digest("x")}\n` });
});
