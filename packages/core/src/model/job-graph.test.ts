import { expect, test } from "vitest";
import { JobId } from "./ids.ts";
import { orderJobs, type JobDependencies } from "./job-graph.ts";

function makeJobId(number: number): JobId {
  return JobId.parse(`${String(number).padStart(32, "0")}-stage-1.1`);
}

test("a graph is ordered even when a chain is very long", () => {
  const ids = Array.from({ length: 50_000 }, (_, index) => makeJobId(index));
  const chain: JobDependencies = new Map(
    ids.map((id, index) => [id, ids.slice(index + 1, index + 2).map((next) => ({ id: next, kind: "hard" as const }))]),
  );
  expect(orderJobs(chain)).toEqual(ids.toReversed());
});

test("a graph is refused with its cycle named", () => {
  const [one, two] = [makeJobId(1), makeJobId(2)];
  const cycle: JobDependencies = new Map([
    [one, [{ id: two, kind: "hard" }]],
    [two, [{ id: one, kind: "soft" }]],
  ]);
  expect(() => orderJobs(cycle)).toThrow(expect.objectContaining({ code: "LAB_INVALID" }));
  expect(() => orderJobs(new Map([[one, [{ id: one, kind: "hard" }]]]))).toThrow(`${one} -> ${one}`);
});
