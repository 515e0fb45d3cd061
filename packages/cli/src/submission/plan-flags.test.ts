import { expect, test } from "vitest";
import { readPlanFlags } from "./plan-flags.ts";

/** Flags with their values; a switch has none. */
function read(flags: Readonly<Record<string, readonly string[]>>) {
  return readPlanFlags({
    text: (flag) => flags[flag]?.at(-1),
    texts: (flag) => flags[flag] ?? [],
    isSet: (flag) => flag in flags,
  });
}

test("without a flag nothing is wished for", () => {
  const wishes = { isForced: false, rev: undefined, isOnlyFailed: false, parameters: [] };
  expect(read({})).toEqual({ wishes });
});

test("every flag becomes a wish", () => {
  expect(read({ rev: ["2"], "only-failed": [], param: ["seed=1", "mode=a=b"], runtime: ["bwrap"] })).toEqual({
    wishes: {
      isForced: false,
      rev: 2,
      isOnlyFailed: true,
      parameters: [
        { name: "seed", value: "1" },
        { name: "mode", value: "a=b" },
      ],
    },
    runtime: "bwrap",
  });
  expect(read({ force: [] }).wishes).toMatchObject({ isForced: true });
});

test.each(["0", "-1", "1.5", "two", "", "1000000000"])("the revision %j is refused", (rev) => {
  expect(() => read({ rev: [rev] })).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message: `--rev ${rev} is no revision` }),
  );
});

test("forcing and a revision together are refused, and a parameter without a value", () => {
  expect(() => read({ force: [], rev: ["1"] })).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  expect(() => read({ param: ["seed"] })).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message: "--param seed has no value" }),
  );
});
