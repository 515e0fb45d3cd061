import { expect, test } from "vitest";
import { countFreed, parseGcReport } from "./gc-report.ts";

const WHOLE = [
  "root\tauto\tsweep.00000000\t2026-11-20_10-11-12\taaaaaaaa\tnewest",
  "root\tpinned\tpaper\t-\tbbbbbbbb\tpinned",
  "open\ts1\taaaaaaaa",
  "free\tartifacts/images/layers/x.tar\t10",
  "free\tartifacts/images/x.tar\t20",
  "free\toutputs/one\t30",
  "foreign\tbin/two",
  "end",
  "",
].join("\n");

test("reads roots with their times, submissions and places", () => {
  expect(parseGcReport(WHOLE)).toMatchObject({
    roots: [
      { kind: "auto", name: "sweep.00000000", at: "2026-11-20T10:11:12Z", lab: "aaaaaaaa", state: "newest" },
      { kind: "pinned", name: "paper", lab: "bbbbbbbb", state: "pinned" },
    ],
    open: ["s1"],
    foreign: ["bin/two"],
    isRootless: false,
  });
});

test.each([
  ["has no end", WHOLE.replace("end\n", "")],
  ["has a line of another form", WHOLE.replace("free\toutputs", "free\t/outputs")],
  ["is empty", ""],
])("refuses an answer that %s", (_, text) => {
  expect(parseGcReport(text)).toBeUndefined();
});

test("counts what goes by kinds, layers apart from images", () => {
  expect(countFreed(parseGcReport(WHOLE)?.freed ?? [])).toEqual([
    { kind: "outputs", count: 1, bytes: 30 },
    { kind: "image layers", count: 1, bytes: 10 },
    { kind: "images", count: 1, bytes: 20 },
  ]);
});
