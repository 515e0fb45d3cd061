import { expect, test } from "vitest";
import { splitStageName } from "./stage-name.ts";

const run = (path: string) => ({ path, inputs: [], outputs: {} });

test.each([
  ["sum-1.1", { main: run("jobs/x/bin/sum") }, "sum", "1.1"],
  ["step-2-1.1", { main: run("jobs/x/bin/step-2") }, "step-2", "1.1"],
  ["sum-1.1-beta", { main: run("jobs/x/bin/sum") }, "sum", "1.1-beta"],
  ["a-b-2", { gather: run("jobs/x/bin/a-b-gather"), scatter: run("jobs/x/bin/a-b-scatter") }, "a-b", "2"],
  ["gather-2", { main: run("jobs/x/bin/gather") }, "gather", "2"],
  ["a-b-2", { main: run("jobs/x/bin/else") }, "a-b", "2"],
  ["a-b-2", {}, "a-b", "2"],
  ["odd", {}, "odd", ""],
])("%s is taken apart by its programs' names, or at the last dash", (name, executables, stage, version) => {
  expect(splitStageName({ name, executables })).toEqual({ stage, version });
});
