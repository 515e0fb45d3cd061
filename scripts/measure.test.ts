import { expect, test } from "vitest";
import { median, parseArea, renderMeasures, timeInTurns } from "./measure.ts";

test("the median is the middle value, or the mean of the two middle ones", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(() => median([])).toThrow("nothing");
});

test("contenders take turns, each as often as there are rounds", async () => {
  const order: string[] = [];
  const contender = (name: string) => async () => void order.push(name);
  const times = await timeInTurns({ ours: contender("ours"), theirs: contender("theirs") }, 2);
  expect(order).toEqual(["ours", "theirs", "ours", "theirs"]);
  expect([...times.keys()]).toEqual(["ours", "theirs"]);
});

test("a figure that misses its bar says NO", () => {
  const measures = [
    { name: "cold sync against rsync", value: 0.612, unit: "x", bar: "at most 0.8 x", holds: true },
    { name: "calls of sbatch", value: 31, unit: "", bar: "at most 30", holds: false },
  ];
  expect(renderMeasures("sync", "2 x CPU", measures)).toBe(
    [
      "sync: 2 x CPU",
      "",
      "measure                  value    bar            holds",
      "cold sync against rsync  0.612 x  at most 0.8 x  yes",
      "calls of sbatch          31       at most 30     NO",
      "",
    ].join("\n"),
  );
});

test("figures with a cell stand in a table after the list, in the order in which rows and columns come", () => {
  const table = "seconds over loopback";
  const inform = { unit: "s", bar: "none", holds: true };
  const measures = [
    { name: "A: repx", value: 0.98765, ...inform, cell: { table, row: "repx", column: "A" } },
    { name: "A against rsync", value: 0.5, unit: "x", bar: "none", holds: true },
    { name: "A: rsync", value: 1.5, ...inform, cell: { table, row: "rsync -a", column: "A" } },
    { name: "B: rsync", value: 12, ...inform, cell: { table, row: "rsync -a", column: "B" } },
  ];
  expect(renderMeasures("sync", "2 x CPU", measures)).toBe(
    [
      "sync: 2 x CPU",
      "",
      "measure          value  bar   holds",
      "A against rsync  0.5 x  none  yes",
      "",
      "seconds over loopback  A         B",
      "repx                   0.9877 s",
      "rsync -a               1.5 s     12 s",
      "",
    ].join("\n"),
  );
});

test("a module without an area is refused", () => {
  expect(() => parseArea({ area: {} })).toThrow("exports `area`");
});
