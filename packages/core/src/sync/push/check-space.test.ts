import fc from "fast-check";
import { expect, test } from "vitest";
import { checkSpace, hasSpace, sumNeeded } from "./check-space.ts";

const WHERE = { basePath: "/data/repx", description: "ada@cluster:22" };
const AMPLE = { freeBytes: Infinity, freeFiles: Infinity, quotaBytes: Infinity, leftovers: [] };
const NEEDED = { contentBytes: 1e9, files: 100, parcelBytes: 16e6 };

test("lets pass what fits, and whatever a target cannot tell of", () => {
  expect(() => checkSpace(NEEDED, AMPLE, WHERE)).not.toThrow();
  const bytes = sumNeeded(NEEDED);
  expect(() =>
    checkSpace(NEEDED, { ...AMPLE, freeBytes: bytes, freeFiles: 100, quotaBytes: bytes }, WHERE),
  ).not.toThrow();
});

test.each([
  [{ freeBytes: 3e6 }, "needs 1.03 GB at /data/repx on ada@cluster:22, but 3.00 MB are free"],
  [{ freeBytes: 5e9, quotaBytes: 900e6 }, "the quota leaves 900 MB"],
  [{ freeBytes: 7, quotaBytes: 8 }, "but 7 B are free"],
  [{ freeFiles: 99 }, "makes 100 files at /data/repx on ada@cluster:22, but its file system has room for 99"],
])("refuses what has no room with %j", (lack, message) => {
  const check = (): void => checkSpace(NEEDED, { ...AMPLE, ...lack }, WHERE);
  expect(hasSpace(NEEDED, { ...AMPLE, ...lack })).toBe(false);
  expect(check).toThrow(expect.objectContaining({ code: "SYNC_NO_SPACE", message: expect.stringContaining(message) }));
});

test("names what pushes that were cut left there", () => {
  const room = { ...AMPLE, freeBytes: 7, leftovers: ["a", "b"] };
  expect(() => checkSpace(NEEDED, room, WHERE)).toThrow(
    expect.objectContaining({
      hint: expect.stringContaining("What pushes that were cut left (2) in /data/repx/artifacts/.staging"),
    }),
  );
});

test("needs at least what is written, and more for each file", () => {
  const size = fc.nat({ max: 2 ** 40 });
  fc.assert(
    fc.property(size, fc.nat({ max: 1e6 }), size, (contentBytes, files, parcelBytes) => {
      const bytes = sumNeeded({ contentBytes, files, parcelBytes });
      expect(bytes).toBeGreaterThanOrEqual(contentBytes + parcelBytes + files * 4096);
      expect(bytes).toBeLessThanOrEqual((contentBytes + parcelBytes + files * 4096) * 1.02 + 1);
    }),
  );
});
