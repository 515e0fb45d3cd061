import { expect, test } from "vitest";
import { NO_QUERY, openJobFilter, parseConditions, parseJobQuery, renderJobQuery, type JobQuery } from "./job-query.ts";

const SEED = { stage: "walk-1.0", parameters: { seed: 1, name: "two words", model: { depth: 3 }, flag: true } };

function isShown(query: Partial<JobQuery>, state: Parameters<ReturnType<typeof openJobFilter>>[1] = "failed"): boolean {
  return openJobFilter({ ...NO_QUERY, ...query })(SEED, state);
}

test("a query is what it was rendered from, and empty fields of a form are no wishes", () => {
  const query = parseJobQuery({ state: "failed", stage: "a&b", parameter: 'x="1 2" y=#', sort: "slowest", page: "3" });
  expect(parseJobQuery(Object.fromEntries(new URLSearchParams(renderJobQuery(query))))).toEqual(query);
  expect(parseJobQuery({ state: "", stage: "", parameter: " ", sort: "" })).toEqual(NO_QUERY);
  expect(renderJobQuery(NO_QUERY)).toBe("?");
  expect(renderJobQuery(query, NO_QUERY)).toBe("?");
});

test.each([
  [{ state: "done" }, "state"],
  [{ sort: "random" }, "sort"],
  [{ page: "0" }, "page"],
  [{ page: "1.5" }, "page"],
  [{ parameter: "x".repeat(1001) }, "parameter"],
  [{ parameter: "seed" }, "name=value"],
  [{ parameter: "seed=1 =2" }, "name=value"],
])("%o is refused with the field's name", (query, name) => {
  expect(() => parseJobQuery(query)).toThrow(
    expect.objectContaining({ code: "COORD_REQUEST_INVALID", message: expect.stringContaining(name) }),
  );
});

test("conditions lie between blanks, and quotes hold blanks together", () => {
  expect(parseConditions('  a=1 b="x \\" y"  c=d=e ')).toEqual([
    ["a", "1"],
    ["b", '"x \\" y"'],
    ["c", "d=e"],
  ]);
  expect(parseConditions("")).toEqual([]);
});

test("a job is shown when every condition is met, with values as the table writes them", () => {
  expect(isShown({ parameter: 'seed=1 name="two words" model.depth=3 flag=true' })).toBe(true);
  expect(isShown({ parameter: "seed=1 flag=false" })).toBe(false);
  expect(isShown({ parameter: "seed=11" })).toBe(false);
  expect(isShown({ parameter: "absent=1" })).toBe(false);
});

test("a stage is chosen by its whole name", () => {
  expect(isShown({ stage: "walk-1.0" })).toBe(true);
  expect(isShown({ stage: "walk" })).toBe(false);
});

test("states are chosen one by one, or as open and in trouble", () => {
  expect(isShown({ state: "failed" })).toBe(true);
  expect(isShown({ state: "failed" }, "succeeded")).toBe(false);
  const shown = (state: JobQuery["state"]) =>
    (["queued", "running", "succeeded", "reused", "skipped", "infrastructure"] as const).filter((one) =>
      isShown({ state }, one),
    );
  expect(shown("open")).toEqual(["queued", "running"]);
  expect(shown("trouble")).toEqual(["skipped", "infrastructure"]);
});
