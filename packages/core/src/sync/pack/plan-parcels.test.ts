import fc from "fast-check";
import { expect, test } from "vitest";
import { anyEntries } from "../tree/tree-entry.fixture.ts";
import type { FileEntry } from "../tree/tree-entry.ts";
import type { PackEntry, Parcel } from "./parcel.ts";
import { BUNDLE_BYTES, BUNDLE_ENTRIES, planParcels, SLICE_BYTES, type PackItem } from "./plan-parcels.ts";

const MIB = 1 << 20;
const sizes = fc.oneof(
  fc.nat(10_000),
  fc.constantFrom(0, 512, 6 * MIB, BUNDLE_BYTES - 1, BUNDLE_BYTES, BUNDLE_BYTES + 1, 2 * BUNDLE_BYTES),
  fc.integer({ min: BUNDLE_BYTES, max: 4 * SLICE_BYTES }),
);

function anyItems(): fc.Arbitrary<PackItem[]> {
  const item = fc.record({ entries: anyEntries(sizes), linked: fc.nat(3) });
  return fc.array(item, { minLength: 1, maxLength: 4 }).map((seeds) =>
    seeds.map(({ entries, linked }, index): PackItem => {
      const files = entries.filter((entry) => entry.kind === "file");
      return {
        number: index + 1,
        destination: `artifacts/store/${index}-tool`,
        entries,
        existing: new Map(files.slice(0, linked).map(({ path }) => [path, `store/old/${path}`])),
      };
    }),
  );
}

function listBundled(parcels: readonly Parcel[]): PackEntry[] {
  return parcels.flatMap((parcel) => (parcel.kind === "bundle" ? parcel.entries : []));
}

function listRanges(parcels: readonly Parcel[], item: number, path: string): [number, number][] {
  return parcels.flatMap((parcel): [number, number][] => {
    if (parcel.kind === "slice") {
      const isIt = parcel.item === item && parcel.path === path;
      return isIt ? [[parcel.offsetBytes, parcel.offsetBytes + parcel.sizeBytes]] : [];
    }
    const found = parcel.entries.filter((each) => each.item === item && each.entry.path === path);
    return found.map(({ entry }) => [0, entry.kind === "file" ? entry.sizeBytes : 0]);
  });
}

test("every byte of every file is in exactly one parcel", () => {
  fc.assert(
    fc.property(anyItems(), (items) => {
      const { parcels } = planParcels(items, "zstd");
      for (const { number, entries } of items) {
        for (const file of entries.filter((entry) => entry.kind === "file")) {
          const ranges = listRanges(parcels, number, file.path).toSorted(([left], [right]) => left - right);
          expect(ranges.map(([start]) => start)).toEqual([0, ...ranges.slice(0, -1).map(([, end]) => end)]);
          expect(ranges.at(-1)?.[1]).toBe(file.sizeBytes);
        }
      }
    }),
  );
});

test("every entry is in one bundle, in the closing, or in slices", () => {
  fc.assert(
    fc.property(anyItems(), (items) => {
      const { parcels, closing, largeFiles } = planParcels(items, "zstd");
      const found = [...listBundled(parcels), ...closing].map(({ item, entry }) => [item, entry.path]);
      const all = [...found, ...largeFiles.map(({ item, path }) => [item, path])];
      const wanted = items.flatMap(({ number, entries }) => entries.map(({ path }) => [number, path]));
      expect(all.map(String).toSorted()).toEqual(wanted.map(String).toSorted());
      expect(closing.every(({ entry }) => entry.kind === "folder" || entry.kind === "hardlink")).toBe(true);
      expect(closing.filter(({ entry }) => entry.kind === "folder")).toHaveLength(
        items.flatMap(({ entries }) => entries).filter(({ kind }) => kind === "folder").length,
      );
    }),
  );
});

test("parcels keep to their limits", () => {
  fc.assert(
    fc.property(anyItems(), (items) => {
      for (const parcel of planParcels(items, "zstd").parcels) {
        expect(parcel.sizeBytes).toBeLessThanOrEqual(parcel.kind === "slice" ? SLICE_BYTES : BUNDLE_BYTES);
        expect(parcel.kind === "bundle" ? parcel.entries.length : 0).toBeLessThanOrEqual(BUNDLE_ENTRIES);
        expect(parcel.kind === "slice" ? parcel.offsetBytes % MIB : 0).toBe(0);
      }
    }),
  );
});

test("the same trees make the same plan, and no two parcels one id", () => {
  fc.assert(
    fc.property(anyItems(), (items) => {
      const plan = planParcels(items, "zstd");
      expect(planParcels(structuredClone(items), "zstd")).toEqual(plan);
      const ids = plan.parcels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect(plan.planId).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

test("the figures are those of what is sent", () => {
  fc.assert(
    fc.property(anyItems(), (items) => {
      const { sizeBytes, files, parcels } = planParcels(items, "zstd");
      const all = items.flatMap(({ entries, existing }) => entries.map((entry) => ({ entry, existing })));
      const sent = all.filter(({ entry, existing }) => entry.kind === "file" && !existing.has(entry.path));
      expect(sizeBytes).toBe(sent.reduce((sum, { entry }) => sum + (entry.kind === "file" ? entry.sizeBytes : 0), 0));
      expect(sizeBytes).toBe(parcels.reduce((sum, parcel) => sum + parcel.sizeBytes, 0));
      expect(files).toBe(all.filter(({ entry }) => entry.kind !== "folder").length);
    }),
  );
});

const file: FileEntry = { path: "a", kind: "file", mode: 0o444, sizeBytes: 5, mtimeSeconds: 7 };
const item: PackItem = {
  number: 1,
  destination: "artifacts/jobs/j",
  entries: [file],
  existing: new Map(),
};

test.each<[string, Partial<FileEntry>]>([
  ["its path", { path: "b" }],
  ["its mode", { mode: 0o555 }],
  ["its size", { sizeBytes: 6 }],
  ["its time", { mtimeSeconds: 8 }],
  ["its content, where that is known", { sha256: "a".repeat(64) }],
])("another parcel comes of a file when %s differs", (_, change) => {
  const large = { ...file, sizeBytes: BUNDLE_BYTES + 5 };
  for (const each of [file, large]) {
    const changed = { ...each, ...change, ...("sizeBytes" in change ? { sizeBytes: each.sizeBytes + 1 } : {}) };
    const [before, after] = [each, changed].map((entry) => planParcels([{ ...item, entries: [entry] }], "zstd"));
    expect(after?.parcels[0]?.id).not.toBe(before?.parcels[0]?.id);
    expect(after?.planId).not.toBe(before?.planId);
  }
});

test("a slice is another when it travels by another encoding, as only some carry a checksum", () => {
  const large = { ...item, entries: [{ ...file, sizeBytes: SLICE_BYTES }] };
  const plans = (["zstd", "gzip", "none"] as const).map((encoding) => planParcels([large], encoding));
  expect(new Set(plans.map(({ parcels }) => parcels[0]?.id)).size).toBe(3);
  expect(plans.map(({ parcels }) => parcels[0])).toMatchObject([
    { encoding: "zstd" },
    { encoding: "gzip" },
    { encoding: "none" },
  ]);
});

test("of much that is small a smaller bundle comes first, by which the link is measured", () => {
  const entries = Array.from({ length: 8000 }, (_, index) => ({ ...file, path: `${index}`, sizeBytes: 10_000 }));
  const [first, ...others] = planParcels([{ ...item, entries }], "zstd").parcels;
  expect(first?.sizeBytes).toBeLessThanOrEqual(6 * MIB);
  expect(first?.sizeBytes).toBeGreaterThan(5 * MIB);
  expect(others[0]?.sizeBytes).toBeGreaterThan(6 * MIB);
});

test.each<[string, Partial<PackItem>]>([
  ["goes to another place", { destination: "artifacts/jobs/k" }],
  ["becomes a link", { existing: new Map([["a", "store/old/a"]]) }],
])("another parcel comes of a file that %s", (_, change) => {
  const [before, after] = [item, { ...item, ...change }].map((each) => planParcels([each], "zstd"));
  expect(after?.parcels[0]?.id).not.toBe(before?.parcels[0]?.id);
  expect(after?.planId).not.toBe(before?.planId);
});

test("a plan is another when an item has another number, as staging folders go by it", () => {
  expect(planParcels([{ ...item, number: 2 }], "zstd").planId).not.toBe(planParcels([item], "zstd").planId);
});

test("large files come first and whole, then bundles by their weight, neighbours together", () => {
  const entries = [
    ...Array.from({ length: 6000 }, (_, index) => ({ ...file, path: `s/${index}`, sizeBytes: 2000 })),
    { ...file, path: "t/small", sizeBytes: BUNDLE_BYTES + 1 },
    { ...file, path: "t/large", sizeBytes: 2 * SLICE_BYTES + 1 },
  ];
  const { parcels } = planParcels([{ ...item, entries }], "zstd");
  expect(parcels.slice(0, 4)).toMatchObject([
    { path: "t/large", offsetBytes: 0 },
    { path: "t/large", offsetBytes: SLICE_BYTES },
    { path: "t/large", offsetBytes: 2 * SLICE_BYTES, sizeBytes: 1 },
    { path: "t/small", offsetBytes: 0, sizeBytes: BUNDLE_BYTES + 1 },
  ]);
  const bundles = parcels.slice(4).map((parcel) => (parcel.kind === "bundle" ? parcel.entries.length : 0));
  expect(bundles).toEqual([1500, 1500, 1500, 1500]);
});

test("thousands of links are divided evenly, to be made side by side", () => {
  const entries = Array.from({ length: 5000 }, (_, index) => ({ ...file, path: `${index}` }));
  const existing = new Map(entries.map(({ path }) => [path, `store/old/${path}`]));
  const { parcels } = planParcels([{ ...item, entries, existing }], "zstd");
  expect(parcels.map((parcel) => (parcel.kind === "bundle" ? [parcel.entries.length, parcel.sizeBytes] : []))).toEqual(
    Array.from({ length: 4 }, () => [1250, 0]),
  );
});
