import { randomBytes } from "node:crypto";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodeEnd, encodeParcel } from "./encode.ts";

const MIB = 1 << 20;
const DECODE = { zstd: zstdDecompressSync, gzip: gunzipSync };
const words = Buffer.from(Array.from({ length: 3 * MIB }, (_, index) => 97 + (((index * index) >> 5) % 7)));

test.each(["zstd", "gzip"] as const)("as %s all comes back, whatever is known of the link", (encoding) => {
  for (const bytes of [Buffer.alloc(0), Buffer.from("x"), words, randomBytes(MIB)]) {
    for (const rate of [undefined, 1e6, 100e6, Infinity]) {
      const packed = encodeParcel(bytes, encoding, rate);
      expect(packed).toMatchObject({ encoding, sha256: "-" });
      expect(DECODE[encoding](packed.bytes).equals(bytes)).toBe(true);
    }
  }
});

test.each(["zstd", "gzip"] as const)("as %s a changed byte of what is stored is found", (encoding) => {
  const bytes = randomBytes(1000);
  const changed = Buffer.from(encodeParcel(bytes, encoding, Infinity).bytes);
  changed[500] = (changed[500] ?? 0) ^ 4;
  expect(() => DECODE[encoding](changed)).toThrow(encoding === "zstd" ? /checksum/i : "incorrect data check");
});

test("stores on a link of any rate, and compresses while nothing is known of it", () => {
  const [stored, quick] = [Infinity, undefined].map((rate) => encodeParcel(words, "zstd", rate).bytes.length);
  expect(quick).toBeLessThan((stored ?? 0) / 2);
});

test("gives the hash of what travels as it is", () => {
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(encodeParcel(Buffer.from("abc"), "none", undefined)).toMatchObject({ encoding: "none", sha256 });
});

test.each(["zstd", "gzip"] as const)("as %s parts and the end of a slice are one stream", (encoding) => {
  const parts = [words.subarray(0, MIB), words.subarray(MIB)].map((part) => encodeParcel(part, encoding, 50e6).bytes);
  const stream = Buffer.concat([...parts, encodeEnd("the-id", encoding)]);
  expect(DECODE[encoding](stream).equals(Buffer.concat([words, Buffer.from("the-id\n")]))).toBe(true);
});
