import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseEncoding } from "./choose-encoding.ts";

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
