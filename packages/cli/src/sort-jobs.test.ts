import type { Job } from "@repx/core/lab";
import { expect, test } from "vitest";
import { REPX_GEN, REPX_GEN_2 } from "../../core/src/lab/repx-lab.fixture.ts";
import { openLabOf } from "./command.fixture.ts";
import { sortJobs } from "./sort-jobs.ts";

async function sortReversed(first: Job["params"], second: Job["params"]): Promise<readonly Job[]> {
  await using opened = await openLabOf(first, second);
  return sortJobs((await opened.lab.jobs()).toReversed());
}

test("jobs are in the order of their stages, then of their parameters, with 2 before 10", async () => {
  const sorted = await sortReversed({ offset: 10 }, { offset: 2 });
  expect(sorted.map(({ stage }) => stage)).toEqual(["plot", "sum", "sum", "gen", "gen"]);
  expect(sorted.slice(3).map(({ id }) => id)).toEqual([REPX_GEN_2, REPX_GEN]);
});

test("the order in which a job has its parameters does not matter", async () => {
  const sorted = await sortReversed({ mode: "slow", offset: 10 }, { offset: 2, mode: "slow" });
  expect(sorted.slice(3).map(({ id }) => id)).toEqual([REPX_GEN_2, REPX_GEN]);
});
