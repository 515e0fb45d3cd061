import { expect, test } from "vitest";
import { openLabOf } from "../command.fixture.ts";
import { nameTellingParameters } from "./telling-parameters.ts";

async function nameByStage(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  await using opened = await openLabOf(first, second);
  const jobs = await opened.lab.jobs();
  const nameParameters = nameTellingParameters(jobs);
  return Object.fromEntries(jobs.map((job) => [job.stage, nameParameters(job)]));
}

test("what varies in a stage comes first, its own or not, and then the rest of its own", async () => {
  expect(await nameByStage({ a: "m", offset: 1 }, { a: "m", offset: 2 })).toEqual({
    gen: ["offset", "a"],
    sum: ["offset", "mode"],
    plot: [],
  });
});

test("a parameter that some jobs of a stage do not have varies", async () => {
  expect(await nameByStage({ offset: 1 }, { offset: 1, size: 3 })).toMatchObject({
    gen: ["size", "offset"],
    sum: ["size", "mode"],
  });
});
