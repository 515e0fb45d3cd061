// Jobs that are out of memory or time and are run again with more of it, on a real cluster, and what waits for them.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import { JobEvent } from "../../packages/core/src/model/protocol.ts";
import type { SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import type { RetryPolicy } from "../../packages/core/src/target/config/retry-policy.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { startSubmitStand, type SubmitStand, type WrittenSubmission } from "./submit-stand.ts";

let stand: SubmitStand;
let first = 0;

beforeAll(async () => {
  stand = await startSubmitStand({ folder: "/tmp/repx-retry-test", environment: { REPX_SWEEP_SECONDS: "1" } });
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

interface Wish {
  readonly stage: string;
  /** Jobs of one name here share an array. */
  readonly array?: string;
  readonly retry?: RetryPolicy;
  readonly mem?: string;
  readonly time?: string;
  readonly waitsFor?: readonly string[];
  readonly partition?: string;
  readonly node?: number;
}

interface Played extends WrittenSubmission {
  readonly slurmIdOf: (stage: string) => string;
  readonly eventsOf: (stage: string) => Promise<readonly JobEvent[]>;
  readonly waitForEnd: (stage: string, timeoutSeconds?: number) => Promise<JobEvent>;
  readonly waitForState: (stage: string, state: string) => Promise<JobEvent>;
  readonly read: (stage: string, path: string) => Promise<string>;
}

const ENDS: readonly string[] = ["COMPLETED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "CANCELLED", "NODE_FAIL"];

/** Submits jobs with one script, which knows its stage by `$0`; on the first node, where a test wants no other one. */
async function play(wishes: readonly Wish[], script: string): Promise<Played> {
  const start = (first += 1000);
  const ids = new Map(wishes.map(({ stage }, index) => [stage, jobId(start + index, `${stage}-1.0`)]));
  const findId = (stage: string) => ids.get(stage) ?? jobId(0, "none");
  const jobs = wishes.map(
    ({ stage, array = stage, retry, mem = "40M", time, partition, waitsFor = [], node = 0 }): SchedulableJob => ({
      id: findId(stage),
      stage: array,
      executable: `jobs/${findId(stage)}/bin/run`,
      resources: {
        mem,
        sbatchOpts: [`--nodelist=${stand.cluster.nodes[node]}`],
        ...(time === undefined ? {} : { time }),
        ...(partition === undefined ? {} : { partition }),
        ...(retry === undefined ? {} : { retry }),
      },
      dependsOn: waitsFor.map((other) => ({ id: findId(other), kind: "hard" })),
    }),
  );
  const submission = await stand.writeSubmission(jobs, { script });
  const slurmIds = await submitBatches(stand.transport, submission.batches, submission.place);
  const slurmIdOf = (stage: string) => {
    for (const { number, tasks } of submission.batches)
      for (const [index, job] of tasks) if (job.id === findId(stage)) return `${slurmIds.get(number)}_${index}`;
    throw new Error(`no job of ${stage}`);
  };
  const eventsOf = async (stage: string) => {
    const text = await readFile(join(submission.folder, "events.ndjson"), "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JobEvent.parse(JSON.parse(line))).filter(({ job }) => job === findId(stage));
  };
  const waitForState = async (stage: string, states: readonly string[], timeoutSeconds: number) =>
    waitUntil({ what: `${stage} to be ${states.join(" or ")}`, timeoutSeconds, intervalMs: 200 }, async () =>
      (await eventsOf(stage)).find(({ state }) => states.includes(state)),
    );
  return {
    ...submission,
    slurmIdOf,
    eventsOf,
    waitForEnd: async (stage, timeoutSeconds = 60) => waitForState(stage, ENDS, timeoutSeconds),
    waitForState: async (stage, state) => waitForState(stage, [state], 40),
    read: async (stage, path) => readFile(join(stand.target.base, "outputs", findId(stage), path), "utf8"),
  };
}

async function tellStory(played: Played, stage: string): Promise<string[]> {
  const events = (await played.eventsOf(stage)).filter(({ state }) => state !== "RUNNING" && state !== "PENDING");
  return events.map(({ attempt, state, reason }) => [attempt, state, reason ?? ""].join(" ").trim());
}

const isCalled = (stage: string, then: string) => `case $0 in *-${stage}-1.0/*) ${then} ;; esac`;
const TAKE_90_MB = "head -c 90000000 /dev/zero | tail -c 90000000 >/dev/null";
const SAY_WHEN = 'date +%s%N >"$1/at"';

async function readTime(played: Played, stage: string): Promise<bigint> {
  return BigInt((await played.read(stage, "out/at")).trim());
}

test("a job that is out of memory runs again with more, and what waits for it runs once, after its success", async () => {
  const retry = { count: 3, mem_factor: 2 };
  const script = ["set -e", isCalled("greedy", TAKE_90_MB), SAY_WHEN].join("\n");
  const later = [
    { stage: "own", array: "each", waitsFor: ["greedy"] },
    { stage: "other", array: "each", waitsFor: ["modest"] },
    { stage: "all", waitsFor: ["greedy", "modest"] },
    { stage: "one", waitsFor: ["greedy"] },
  ];
  const sweep = ["greedy", "modest"].map((stage) => ({ stage, array: "sweep", retry }));
  const played = await play([...sweep, ...later], script);
  const dependencies = played.batches.map(({ dependency }) => dependency);
  const NONE = { corresponding: [], ok: [], any: [] };
  expect(dependencies).toEqual([
    NONE,
    { ...NONE, corresponding: [1] },
    { ...NONE, ok: [{ batch: 1 }] },
    { ...NONE, ok: [{ batch: 1, index: 1 }] },
  ]);
  onTestFailed(async () => console.log(await tellStory(played, "greedy"), await stand.cluster.readLogs()));
  for (const { stage } of later)
    expect(await played.waitForEnd(stage)).toMatchObject({ attempt: 1, state: "COMPLETED" });
  expect(await tellStory(played, "greedy")).toEqual([
    "1 REQUEUED again with mem 80M after OUT_OF_MEMORY",
    "2 REQUEUED again with mem 160M after OUT_OF_MEMORY",
    "3 COMPLETED",
  ]);
  expect((await played.waitForState("greedy", "PENDING")).reason).toMatch(/again with mem 80M after OUT_OF_MEMORY$/);
  expect(await tellStory(played, "modest")).toEqual(["1 COMPLETED"]);
  const greedyAt = await readTime(played, "greedy");
  for (const stage of ["own", "all", "one"]) expect(await readTime(played, stage)).toBeGreaterThan(greedyAt);
  expect(await readTime(played, "other")).toBeLessThan(greedyAt);
  const id = played.slurmIdOf("greedy");
  expect(await readFile(join(played.folder, "retries", id), "utf8")).toBe(
    `${id}\t0\tOUT_OF_MEMORY\t80M\t-\tgranted\n${id}\t1\tOUT_OF_MEMORY\t160M\t-\tgranted\n`,
  );
  expect(await played.read("greedy", "repx/job.json")).toMatch(
    /^\{"attempt":\{"number":3,.*"limits":\{"mem":"160M"\}\},\n/,
  );
  expect(await played.read("greedy", "repx/attempts/2/job.json")).toMatch(/"limits":\{"mem":"80M"\}\},\n/);
  expect(await played.read("greedy", "repx/attempts/1/result.json")).toMatch(/^\{"exitCode":[1-9]/);
  expect(await played.read("greedy", "repx/attempts/1/stderr.log")).toContain(
    "OUT_OF_MEMORY: begins again with mem 80M",
  );
});

test.each([
  ["its cap", { count: 5, mem_factor: 4, max_mem: "60M" }, "allow no more", "60M"],
  ["its count", { count: 1, mem_factor: 1.5 }, "all 1 retries are used up", "60M"],
])("at %s a job is out of memory for good, and what waits for it is cancelled", async (_, retry, words, mem) => {
  const played = await play(
    [
      { stage: "greedy", retry },
      { stage: "after", waitsFor: ["greedy"] },
    ],
    TAKE_90_MB,
  );
  expect(await played.waitForEnd("after")).toMatchObject({ state: "CANCELLED", reason: "DependencyNeverSatisfied" });
  expect(await tellStory(played, "greedy")).toEqual([
    `1 REQUEUED again with mem ${mem} after OUT_OF_MEMORY`,
    "2 OUT_OF_MEMORY OutOfMemory",
  ]);
  expect(await played.read("greedy", "repx/stderr.log")).toContain(words);
});

test("without a policy the first end is the last one", async () => {
  const played = await play([{ stage: "greedy" }, { stage: "after", waitsFor: ["greedy"] }], TAKE_90_MB);
  expect(await played.waitForEnd("after")).toMatchObject({ state: "CANCELLED", reason: "DependencyNeverSatisfied" });
  expect(await tellStory(played, "greedy")).toEqual(["1 OUT_OF_MEMORY OutOfMemory"]);
  await expect(readFile(join(played.folder, "batches/1.retry"))).rejects.toThrow("ENOENT");
});

test("a job that fails for another reason is not run again", async () => {
  const retry = { count: 3, mem_factor: 2, time_factor: 2 };
  const played = await play([{ stage: "wrong", retry, time: "5" }], "exit 3");
  expect(await played.waitForEnd("wrong")).toMatchObject({ attempt: 1, state: "FAILED", exitCode: 3 });
});

const SLOW_ONCE = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { trap "" USR1; sleep 300 & wait; }`;

test.concurrent("a job that is out of time runs again with more, and what waits for its array runs after that", async () => {
  const retry = { count: 2, time_factor: 2, max_time: "10" };
  const played = await play(
    [
      { stage: "slow", array: "sweep", retry, time: "1" },
      { stage: "quick", array: "sweep", retry, time: "1" },
      { stage: "all", waitsFor: ["slow", "quick"] },
    ],
    isCalled("slow", SLOW_ONCE),
  );
  onTestFailed(async () => console.log(await tellStory(played, "slow"), await stand.cluster.readLogs()));
  expect(await played.waitForEnd("all", 150)).toMatchObject({ attempt: 1, state: "COMPLETED" });
  expect(await tellStory(played, "slow")).toEqual(["1 REQUEUED again with time 2 min after TIMEOUT", "2 COMPLETED"]);
  const { stdout } = await stand.cluster.run(["squeue", "-h", "-t", "all", "-j", played.slurmIdOf("slow"), "-o", "%l"]);
  expect(stdout.trim()).toBe("2:00");
  expect(await played.read("slow", "repx/attempts/1/result.json")).toMatch(/^\{"exitCode":143,"signal":15,/);
  expect(await played.read("slow", "repx/job.json")).toContain('"limits":{"time":"2"}');
}, 170_000);

test.concurrent("what SLURM does not give is said, and the job runs again with what it had", async () => {
  const retry = { count: 2, time_factor: 16 };
  const played = await play([{ stage: "slow", retry, time: "1", partition: "short" }], SLOW_ONCE);
  onTestFailed(async () => console.log(await tellStory(played, "slow")));
  expect(await played.waitForEnd("slow", 150)).toMatchObject({ attempt: 2, state: "COMPLETED" });
  expect(await tellStory(played, "slow")).toEqual(["1 REQUEUED", "2 COMPLETED"]);
  const log = await played.read("slow", "repx/attempts/1/stderr.log");
  expect(log).toMatch(/TIMEOUT: begins again, but SLURM does not give it time 16 min: .*denied/);
}, 170_000);

test.concurrent("a job that ends by itself after SLURM's warning is not run again", async () => {
  const retry = { count: 2, time_factor: 2 };
  const untilWarned = `until [ -e "\${1%/out}/repx/.warned" ]; do sleep 0.1; done`;
  const played = await play([{ stage: "just", retry, time: "1" }], untilWarned);
  expect(await played.waitForEnd("just")).toMatchObject({ attempt: 1, state: "COMPLETED" });
}, 70_000);

test.concurrent("a USR1 that is not SLURM's warning reaches the program", async () => {
  const retry = { count: 2, time_factor: 2 };
  const played = await play([{ stage: "told", retry, time: "60" }], `trap "exit 7" USR1; echo ready; sleep 300 & wait`);
  // RUNNING is a word about the job: its program may not have begun.
  await waitUntil({ what: "the program to await the signal", timeoutSeconds: 40 }, async () =>
    (await played.read("told", "repx/stdout.log").catch(() => "")).includes("ready"),
  );
  await stand.cluster.run(["scancel", "--batch", "--signal=USR1", played.slurmIdOf("told")]);
  expect(await played.waitForEnd("told")).toMatchObject({ attempt: 1, state: "FAILED", exitCode: 7 });
}, 70_000);

test("a job whose node failed more often than its policy allows ends with a word about it", async () => {
  const retry = { infrastructure: 1 };
  const played = await play([{ stage: "unlucky", retry, node: 1 }], "sleep 300 & wait");
  const [, node = ""] = stand.cluster.nodes;
  for (const attempt of [1, 2]) {
    await waitUntil({ what: `attempt ${attempt} to run`, timeoutSeconds: 40 }, async () =>
      (await played.eventsOf("unlucky")).some((event) => event.attempt === attempt && event.state === "RUNNING"),
    );
    await stand.cluster.setNodeState(node, "down");
    await stand.cluster.setNodeState(node, "resume");
  }
  expect(await played.waitForEnd("unlucky")).toMatchObject({ attempt: 3, state: "FAILED", exitCode: 75 });
  expect(await played.read("unlucky", "repx/stderr.log")).toContain(
    "its retry policy allows 1: `repx retry` submits it",
  );
}, 120_000);

test("a policy of no requeues lets SLURM end a job with its node", async () => {
  const retry = { infrastructure: 0 };
  const played = await play([{ stage: "unlucky", retry, node: 1 }], "sleep 300 & wait");
  const [, node = ""] = stand.cluster.nodes;
  await played.waitForState("unlucky", "RUNNING");
  await stand.cluster.setNodeState(node, "down");
  await stand.cluster.setNodeState(node, "resume");
  expect(await played.waitForEnd("unlucky")).toMatchObject({ attempt: 1, state: "NODE_FAIL" });
});

test("retries of its own do not count as failures of nodes", async () => {
  const retry = { count: 2, mem_factor: 2, infrastructure: 0 };
  const played = await play([{ stage: "greedy", retry }], TAKE_90_MB);
  expect(await played.waitForEnd("greedy")).toMatchObject({ attempt: 3, state: "COMPLETED" });
});

test("what a retry gives is told, though the relay looks between the requeue and the new limit", async () => {
  await stand.wrapProgram("scontrol", '/usr/bin/scontrol "$@" && sleep 1');
  try {
    const played = await play([{ stage: "greedy", retry: { count: 1, mem_factor: 4 } }], TAKE_90_MB);
    expect(await played.waitForEnd("greedy")).toMatchObject({ attempt: 2, state: "COMPLETED" });
    expect(await tellStory(played, "greedy")).toContain("1 REQUEUED again with mem 160M after OUT_OF_MEMORY");
  } finally {
    await stand.unwrapProgram("scontrol");
  }
});

test("a retry that SLURM may not have heard of is used up", async () => {
  const script = `while [ ! -e "\${0%/*}/go" ]; do sleep 0.1; done\n${TAKE_90_MB}`;
  const played = await play([{ stage: "greedy", retry: { count: 1, mem_factor: 4 } }], script);
  await played.waitForState("greedy", "RUNNING");
  const id = played.slurmIdOf("greedy");
  await mkdir(join(played.folder, "retries"));
  await writeFile(join(played.folder, "retries", id), `${id}\t0\tOUT_OF_MEMORY\t160M\t-\tasked\n`);
  await stand.target.giveAway();
  await stand.cluster.run(["scontrol", "requeue", id]);
  await writeFile(join(await findProgram(played), "go"), "");
  expect(await played.waitForEnd("greedy")).toMatchObject({ attempt: 2, state: "OUT_OF_MEMORY" });
  expect(await played.read("greedy", "repx/stderr.log")).toContain("all 1 retries are used up");
});

test("a submission that was taken back is not run again", async () => {
  const script = `while [ ! -e "\${0%/*}/go" ]; do sleep 0.1; done\n${TAKE_90_MB}`;
  const played = await play([{ stage: "greedy", retry: { count: 2, mem_factor: 2 } }], script);
  await played.waitForState("greedy", "RUNNING");
  await writeFile(join(played.folder, "cancelled"), "");
  await writeFile(join(await findProgram(played), "go"), "");
  expect(await played.waitForEnd("greedy")).toMatchObject({ attempt: 1, state: "OUT_OF_MEMORY" });
});

test("a controller that is down when the memory ends leaves the end as it is", async () => {
  const script = `while [ ! -e "\${0%/*}/go" ]; do sleep 0.1; done\n${TAKE_90_MB}`;
  const played = await play([{ stage: "greedy", retry: { count: 2, mem_factor: 2 } }], script);
  await played.waitForState("greedy", "RUNNING");
  await stand.cluster.stopController();
  try {
    await writeFile(join(await findProgram(played), "go"), "");
    const path = join(played.folder, "retries", played.slurmIdOf("greedy"));
    await waitUntil({ what: "the retry to be given up", timeoutSeconds: 40 }, async () =>
      (await readFile(path, "utf8").catch(() => "")).endsWith("\tfailed\n"),
    );
  } finally {
    await stand.cluster.startController();
  }
  expect(await played.waitForEnd("greedy")).toMatchObject({ attempt: 1, state: "OUT_OF_MEMORY" });
}, 120_000);

async function findProgram({ batches: [batch] }: Played): Promise<string> {
  const [job] = [...(batch?.tasks.values() ?? [])];
  return join(stand.target.base, "artifacts", job?.executable ?? "", "..");
}
