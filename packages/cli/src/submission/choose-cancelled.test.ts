import { LabHash, RunName, SubmissionId, type JobId, type JobRecord } from "@repx/core/model";
import type { SubmissionStatus } from "@repx/core/submissions";
import { expect, test } from "vitest";
import { jobId } from "../../../core/src/model/events.fixture.ts";
import { chooseJobsToCancel } from "./choose-cancelled.ts";

function makeStatus(id: string, states: ReadonlyMap<JobId, JobRecord["state"]>): SubmissionStatus {
  const ids = [...states.keys()];
  const runs = [{ name: RunName.parse("study"), jobs: ids }];
  return {
    id: SubmissionId.parse(id.padEnd(26, "0")),
    plan: {
      createdAt: "2026-03-01T10:00:00Z",
      target: "cluster",
      lab: { hash: LabHash.parse("0c3f6w9x"), folder: "/x" },
      runs,
      toRun: ids,
      reused: [],
      shared: [],
      dependencies: [[]],
      jobs: ids.map((job) => ({ id: job, stage: "threshold-1.0", needs: 0 })),
    },
    runs,
    records: new Map([...states].map(([job, state]) => [job, { state, attempt: 1 }])),
    slurmIds: new Map(),
    scheduler: { isUp: true },
    handOver: "yes",
    isRelayAlive: true,
  };
}

const [ONE, TWO] = [jobId(1), jobId(2)];
const NEW = makeStatus(
  "snew",
  new Map([
    [ONE, "failed"],
    [TWO, "running"],
  ] as const),
);
const OLD = makeStatus("sold", new Map([[ONE, "running"]] as const));

async function choose(...words: readonly string[]): Promise<string[]> {
  const choices = await chooseJobsToCancel(words, {
    listNewest: async () => [NEW, OLD],
    open: async (word) => (word === undefined ? NEW : makeStatus(word, new Map())),
  });
  return choices.map(({ status, jobs }) => `${status.id.slice(0, 4)} ${jobs?.join(" ") ?? "all"}`);
}

test("without a word the newest submission is meant, whole", async () => {
  expect(await choose()).toEqual(["snew all"]);
});

test("a submission is found by the beginning of its id, an older one than is listed too", async () => {
  expect(await choose("so")).toEqual(["sold all"]);
  expect(await choose("szzz")).toEqual(["szzz all"]);
});

test("a job is taken out of every submission in which it is open", async () => {
  expect(await choose(ONE)).toEqual([`sold ${ONE}`]);
  expect(await choose(TWO, ONE)).toEqual([`snew ${TWO}`, `sold ${ONE}`]);
  expect(await choose("sold", ONE)).toEqual(["sold all"]);
});

test.each([
  ["0000000", "LAB_JOB_AMBIGUOUS"],
  ["9", "LAB_JOB_UNKNOWN"],
  ["../x", "INPUT_INVALID"],
])("%s is refused with %s", async (word, code) => {
  await expect(choose(word)).rejects.toMatchObject({ code });
});
