import fc from "fast-check";
import { expect, test } from "vitest";
import type { Slice } from "../pack/parcel.ts";
import { chooseEncoding, startRawChoice } from "./choose-encoding.ts";

test.each([
  [["zstd", "gzip"], undefined, "zstd", 1],
  [["zstd"], 200e6, "zstd", 1],
  [["gzip", "zstd"], 12e6, "zstd", 3],
  [["gzip"], undefined, "none", 1],
  [["gzip"], 100e6, "none", 1],
  [["gzip"], 12e6, "gzip", 1],
  [[], 1e6, "none", 1],
] as const)("with %j at %s bytes a second it is %s", (decoders, rate, encoding, level) => {
  expect(chooseEncoding(decoders, rate)).toEqual({ encoding, level });
});

test("never chooses what the target cannot decode", () => {
  const decoders = fc.uniqueArray(fc.constantFrom("zstd" as const, "gzip" as const));
  fc.assert(
    fc.property(decoders, fc.option(fc.float({ min: 0, noNaN: true }), { nil: undefined }), (known, rate) => {
      expect(["none", ...known]).toContain(chooseEncoding(known, rate).encoding);
    }),
  );
});

const SLICE: Slice = { kind: "slice", id: "0", item: 1, path: "f", offsetBytes: 0, sizeBytes: 1, isRaw: false };

/** A link of which nothing is known until `tell`. */
function startFakeRate() {
  const { promise: first, resolve: tell } = Promise.withResolvers<void>();
  const state: { bytesPerSecond: number | undefined } = { bytesPerSecond: undefined };
  return { state, tell, rate: { first, read: () => state.bytesPerSecond } };
}

test.each([
  [400e6, true],
  [118e6, false],
  [undefined, false],
])("the first slice travels raw, and at %s bytes a second the next one too: %s", async (bytesPerSecond, isRaw) => {
  const { state, tell, rate } = startFakeRate();
  const choose = startRawChoice(rate);
  expect(await choose(SLICE)).toBe(true);
  const second = choose(SLICE);
  state.bytesPerSecond = bytesPerSecond;
  tell();
  expect(await second).toBe(isRaw);
});

test("what does not compress always travels raw, and waits for nothing", async () => {
  const choose = startRawChoice(startFakeRate().rate);
  expect(await choose({ ...SLICE, isRaw: true })).toBe(true);
  expect(await choose({ ...SLICE, isRaw: true })).toBe(true);
});
