import { expect, test } from "vitest";
import { findNearest } from "./find-nearest.ts";

const COMMANDS = ["init", "build", "list", "show", "trace-params", "viz"];

test.each([
  ["lst", "list"],
  ["bulid", "build"],
  ["trace_parms", "trace-params"],
  ["INIT", "init"],
])("%s most likely means %s", (word, meant) => {
  expect(findNearest(word, COMMANDS)).toBe(meant);
});

test("two letters that changed places are one mistake", () => {
  expect(findNearest("lsit", COMMANDS)).toBe("list");
});

test.each(["gif", "edit", "tcsh", ""])(
  "%j means nothing that is there: a short word has room for one mistake",
  (word) => {
    expect(findNearest(word, ["pdf", "bash", "init"])).toBeUndefined();
  },
);
