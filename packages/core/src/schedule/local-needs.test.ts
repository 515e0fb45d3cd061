import { expect, test } from "vitest";
import { readLocalNeeds } from "./local-needs.ts";

test("a job that asks for nothing gets one core and 1 GiB, without a limit of time", () => {
  expect(readLocalNeeds({ sbatchOpts: [] })).toEqual({ cpus: 1, memoryMebibytes: 1024, seconds: 0 });
});

test.each([
  ["4G", 4096],
  ["500", 500],
  ["1T", 1_048_576],
  ["1500K", 2],
  ["2gb", 2048],
  ["0", "all"],
])("mem %j is %j MiB", (mem, memoryMebibytes) => {
  expect(readLocalNeeds({ mem, sbatchOpts: [] })).toMatchObject({ memoryMebibytes });
});

test.each([
  ["10", 600],
  ["1:30", 90],
  ["01:00:00", 3600],
  ["2-12", 216_000],
  ["1-02:03", 93_780],
  ["1-02:03:04", 93_784],
  ["0", 0],
  ["UNLIMITED", 0],
])("time %j is %j seconds", (time, seconds) => {
  expect(readLocalNeeds({ time, sbatchOpts: [] })).toMatchObject({ seconds });
});

test.each([
  [{ mem: "lots" }, 'mem "lots"'],
  [{ mem: "1.5G" }, 'mem "1.5G"'],
  [{ time: "soon" }, 'time "soon"'],
  [{ time: "1:2:3:4" }, 'time "1:2:3:4"'],
])("what cannot be read of %j is told", (asked, problem) => {
  expect(readLocalNeeds({ ...asked, sbatchOpts: [] })).toBe(problem);
});
