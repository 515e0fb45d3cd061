// Labs that are long or wide: neither the call stack nor the square of the number of jobs is a limit.
import { expect, test } from "vitest";
import { JobId, LabHash, RunName } from "../../model/ids.ts";
import { LabJob, type Lab } from "../../model/lab.ts";
import { traceParam, traceParams } from "../jobs/effective-params.ts";
import { makeMapping } from "../lab.fixture.ts";
import { dependenciesOf, orderJobs } from "./job-graph.ts";
import { indexLab, type LabIndex } from "./lab-index.ts";
import { orderLabJobs } from "./order-lab-jobs.ts";

const makeId = (letter: string, number: number): JobId =>
  JobId.parse(`${letter}${`${number}`.padStart(31, "0")}-stage-1`);

function makeJob(params: Record<string, number>, wire: Record<string, unknown> | undefined): LabJob {
  const inputs = wire === undefined ? [] : [makeMapping({ ...wire, target_input: "in" })];
  const main = { path: "jobs/x", inputs, outputs: {} };
  return LabJob.parse({ name: "stage-1", stage_type: "simple", params, executables: { main } });
}

/** Runs by name, each with its jobs. */
function makeIndex(runs: ReadonlyMap<string, ReadonlyMap<JobId, LabJob>>): LabIndex {
  const lab: Lab = {
    hash: LabHash.parse("abcdefgh"),
    gitHash: "x",
    manifest: { labId: LabHash.parse("abcdefgh"), lab_version: "1", metadata: "x", files: [] },
    runs: new Map(
      [...runs].map(([name, jobs]) => {
        const run = {
          name: RunName.parse(name),
          metadataPath: name,
          jobIds: [...jobs.keys()],
          dependencies: new Map(),
        };
        return [run.name, run];
      }),
    ),
    groups: new Map(),
    jobs: new Map([...runs.values()].flatMap((jobs) => [...jobs])),
    storePaths: [],
  };
  return indexLab(lab, orderLabJobs("lab", lab));
}

test("a chain of 50,000 jobs is ordered, closed and traced to its beginning", () => {
  const length = 50_000;
  const jobs = Array.from({ length }, (_, number): [JobId, LabJob] => {
    const wire = number === 0 ? undefined : { job_id: makeId("0", number - 1), source_output: "out" };
    return [makeId("0", number), makeJob(number === 0 ? { first: 1 } : {}, wire)];
  });
  const index = makeIndex(new Map([["run", new Map(jobs.toReversed())]]));
  expect(index.order[0]).toBe(makeId("0", 0));
  expect(index.close([makeId("0", length - 1)])).toHaveLength(length);
  expect(traceParams(index)(makeId("0", length - 1))).toEqual({ first: 1 });
  expect(traceParam(index, "first").size).toBe(length);
});

test("10,000 jobs that each read a run of 10,000 jobs are ordered and closed", () => {
  const number = 10_000;
  const first = Array.from({ length: number }, (_, at): [JobId, LabJob] => [makeId("0", at), makeJob({}, undefined)]);
  const wire = { source_run: "first", dependency_type: "hard" };
  const second = Array.from({ length: number }, (_, at): [JobId, LabJob] => [makeId("1", at), makeJob({}, wire)]);
  const index = makeIndex(
    new Map([
      ["second", new Map(second)],
      ["first", new Map(first)],
    ]),
  );
  expect(index.order.slice(0, number).every((id) => id.startsWith("0"))).toBe(true);
  expect(index.close(second.map(([id]) => id))).toHaveLength(2 * number);
});

test("a diamond of 200 storeys, with more ways through it than there are atoms, is traced", () => {
  const storeys = 200;
  const jobs = Array.from({ length: 2 * storeys }, (_, at): [JobId, LabJob] => {
    const storey = Math.floor(at / 2);
    const inputs = (storey === 0 ? [] : [0, 1]).map((side) =>
      makeMapping({ job_id: makeId("0", 2 * (storey - 1) + side), source_output: "out", target_input: `in${side}` }),
    );
    const main = { path: "jobs/x", inputs, outputs: {} };
    const params = storey === 0 ? { side: at } : {};
    return [makeId("0", at), LabJob.parse({ name: "s-1", stage_type: "simple", params, executables: { main } })];
  });
  const index = makeIndex(new Map([["run", new Map(jobs)]]));
  expect(traceParams(index)(makeId("0", 2 * storeys - 1))).toEqual({ side: 1 });
});

test("a cycle of many jobs is refused with the first of them alone", () => {
  const length = 5000;
  const jobs = Array.from({ length }, (_, number): [JobId, LabJob] => [
    makeId("0", number),
    makeJob({}, { job_id: makeId("0", (number + 1) % length), source_output: "out" }),
  ]);
  expect(() => makeIndex(new Map([["run", new Map(jobs)]]))).toThrow(
    expect.objectContaining({ code: "LAB_INVALID", message: expect.stringMatching(/^.{0,700}… \(5001 of them\)$/) }),
  );
});

test("who waits for whom is found for 20,000 jobs that each read a run of 20,000 jobs", () => {
  const number = 20_000;
  const first = Array.from({ length: number }, (_, at): [JobId, LabJob] => [makeId("0", at), makeJob({}, undefined)]);
  const wire = { source_run: "first", dependency_type: "soft" };
  const second = Array.from({ length: number }, (_, at): [JobId, LabJob] => [makeId("1", at), makeJob({}, wire)]);
  const { lab } = makeIndex(
    new Map([
      ["second", new Map(second)],
      ["first", new Map(first)],
    ]),
  );
  const dependencies = dependenciesOf(lab, [...lab.runs.keys()]);
  expect(dependencies.get(makeId("1", number - 1))).toHaveLength(number);
  expect(orderJobs(dependencies).slice(0, number)).toEqual(first.map(([id]) => id));
});
