import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { startPlanStand } from "../plan-experiment.fixture.ts";
import { lookAgain, parseQueue, parseRevisions } from "./queue-question.ts";

const [ONE, TWO] = ["s0123456789abcdefghijklmno", "s999999999999999999999999z"];
const row = (slurmId: string, nth: number, submission: string | undefined, state: string, again = ""): string =>
  [slurmId, jobId(nth), submission, state, again].join("\t");

test("a row is who has a job, where, whether it runs, and whether it runs again", () => {
  expect([
    ...parseQueue([
      row("7_1", 1, ONE, "PENDING"),
      row("8", 2, TWO, "RUNNING", "force"),
      row("9_1", 3, ONE, "CONFIGURING", "4"),
    ]),
  ]).toEqual([
    [jobId(1), { slurmId: "7_1", submission: ONE, isRunning: false }],
    [jobId(2), { slurmId: "8", submission: TWO, isRunning: true, again: "force" }],
    [jobId(3), { slurmId: "9_1", submission: ONE, isRunning: false, again: 4 }],
  ]);
});

test.each([
  "",
  "welcome to the cluster",
  row("7_1", 1, "../../etc", "RUNNING"),
  row("7_1; rm -rf", 1, ONE, "RUNNING"),
  `7_1\t../x\t${ONE}\tRUNNING\t`,
  row("7_1", 1, ONE, "RUNNING", "-1"),
])("%j is no row", (line) => {
  expect(parseQueue([line]).size).toBe(0);
});

const rows = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3 }), fc.constantFrom("PENDING", "RUNNING")),
  { maxLength: 12 },
);

const rank = (isRunning: boolean, id: number): number => (isRunning ? 0 : 1000) + id;

test("of several that have a job it is the one that runs, or the earliest, whatever their order", () => {
  fc.assert(
    fc.property(rows, fc.integer(), (found, seed) => {
      const unique = [...new Map(found.map((one) => [one[0], one])).values()];
      const lines = unique.map(([id, nth, state]) => row(`${id}_1`, nth, ONE, state));
      const order = lines.map((line, at) => ({ line, key: (at * 7919 + Math.abs(seed)) % 101 }));
      const shuffled = order.toSorted((left, right) => left.key - right.key).map(({ line }) => line);
      const queue = parseQueue(shuffled);
      expect(new Map(queue)).toEqual(parseQueue(lines));
      for (const [id, nth, state] of unique) {
        const chosen = queue.get(jobId(nth));
        expect(rank(chosen?.isRunning ?? false, Number(chosen?.slurmId.split("_")[0]))).toBeLessThanOrEqual(
          rank(state === "RUNNING", id),
        );
      }
    }),
  );
});

test("revisions are read from the lines of records alone", () => {
  const lines = [
    `outputs/${jobId(1)}/repx/job.json:  "rev": 3,`,
    `outputs/${jobId(2)}/repx/job.json:    "rev": 9`,
    "x",
  ];
  expect([...parseRevisions(lines)]).toEqual([[jobId(1), 3]]);
});

test("a queue that does not answer is no queue without jobs", async () => {
  await using stand = await startPlanStand();
  await stand.writeProgram("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1");
  await using transport = await stand.open();
  await expect(lookAgain(transport, stand.base, [jobId(1)])).rejects.toMatchObject({
    code: "SLURM_UNREACHABLE",
    message: expect.stringContaining("did not answer: slurm_load_jobs error: Unable to contact slurm controller"),
  });
  await stand.writeProgram("squeue", "exit 0");
  expect((await lookAgain(transport, stand.base, [jobId(1)])).queued.size).toBe(0);
});
