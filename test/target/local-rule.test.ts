import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import { planBatches, type SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import { renderLocalPlan } from "../../packages/core/src/schedule/local-plan.ts";
import { renderBatchFiles } from "../../packages/core/src/schedule/submission-files.ts";
import { runCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";

// The agent's rule alone: its own awk files, with a loop in which tasks end as we say instead of running.

const LOOP = `
BEGIN {
  AGENT = "agent"; HOST = "here"; now = 1; now_iso = "2026-11-20T12:00:00"
  PATIENCE = ENVIRON["PATIENCE"]; total_cpus = ENVIRON["CORES"]; total_memory = ENVIRON["MEMORY"]
  while ((getline line <"outcomes") > 0) { split(line, f, " "); outcome[f[1]] = f[2]; rank[f[1]] = f[3] }
  take("s1")
  settle()
  for (;;) {
    while ((id = admit()) != "") print "start", id
    next_end = ""
    for (id in running) if (next_end == "" || rank[id] < rank[next_end]) next_end = id
    if (next_end == "") break
    print "end", next_end, outcome[next_end]
    end_task(next_end, outcome[next_end], "x")
    settle()
  }
  for (id in state) print "final", id, state[id], why[id]
}`;

interface Task {
  readonly stage: string;
  readonly cpus: number;
  readonly mebibytes: number;
  readonly needs: readonly { readonly task: number; readonly kind: "hard" | "soft" }[];
  readonly outcome: string;
  /** Of those that run, the one with the lowest ends next. */
  readonly rank: number;
}

interface Machine {
  readonly cores: number;
  readonly memory: number;
  readonly concurrency: number;
  readonly patience: number;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-local-rule-"));
  await mkdir(join(folder, "agent"));
  await mkdir(join(folder, "submissions/s1/batches"), { recursive: true });
  await mkdir(join(folder, "submissions/s1/local"));
});
afterAll(async () => rm(folder, { recursive: true }));

/** What the agent did: starts and ends in order, by number of the task, and how each task stands in the end. */
async function schedule(tasks: readonly Task[], machine: Machine, isFailFast = false) {
  const batches = planBatches(tasks.map(describe));
  const submission = join(folder, "submissions/s1");
  for (const batch of batches)
    await writeFile(join(submission, "batches", `${batch.number}.tsv`), renderBatchFiles(batch, new Map()).table);
  await writeFile(join(submission, "local/plan.tsv"), renderLocalPlan(batches, isFailFast));
  // Array n is batch n.
  await writeFile(join(submission, "local/log"), "A 1 .\n");
  await writeFile(join(folder, "agent/concurrency"), `${machine.concurrency}\n`);
  const places = batches.flatMap(({ number, tasks: its }) => [...its].map(([at, { id }]) => [`${number}_${at}`, id]));
  const numbers = new Map(
    places.map(([place = "", id = ""]) => [place, tasks.findIndex((_, nth) => jobId(nth) === id)]),
  );
  const outcomes = [...numbers].map(([place, nth]) => `${place} ${tasks[nth]?.outcome} ${tasks[nth]?.rank}\n`);
  await writeFile(join(folder, "outcomes"), outcomes.join(""));
  const programs = ["agent-admit", "agent-tasks", "agent-files"].flatMap((name) => [
    "-f",
    join(REPOSITORY_ROOT, `packages/core/target/${name}.awk`),
  ]);
  await writeFile(join(folder, "loop.awk"), LOOP);
  const environment = {
    PATIENCE: String(machine.patience),
    CORES: String(machine.cores),
    MEMORY: String(machine.memory),
  };
  const { stdout } = await runCommand(["awk", ...programs, "-f", "loop.awk"], { folder, environment });
  const said = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  const told = said.map(([what = "", place = "", state = "", why = ""]) => ({
    what,
    nth: numbers.get(place) ?? -1,
    state,
    why,
  }));
  return {
    steps: told.filter(({ what }) => what !== "final"),
    finals: new Map(told.filter(({ what }) => what === "final").map(({ nth, state, why }) => [nth, `${state} ${why}`])),
  };
}

function describe({ stage, cpus, mebibytes, needs }: Task, nth: number): SchedulableJob {
  return {
    id: jobId(nth),
    stage,
    executable: "run",
    resources: { cpusPerTask: cpus, mem: `${mebibytes}M`, sbatchOpts: [] },
    dependsOn: needs.map(({ task, kind }) => ({ id: jobId(task), kind })),
  };
}

/** What SLURM would say of each task: its own outcome, or that it could never begin. */
function foretell(tasks: readonly Task[]): Map<number, string> {
  const finals = new Map<number, string>();
  for (const [nth, { needs, outcome }] of tasks.entries()) {
    const isDoomed = needs.some(({ task, kind }) => kind === "hard" && finals.get(task) !== "COMPLETED x");
    finals.set(nth, isDoomed ? "CANCELLED DependencyNeverSatisfied" : `${outcome} x`);
  }
  return finals;
}

const taskAt = (nth: number): fc.Arbitrary<Task> =>
  fc.record({
    stage: fc.constantFrom("a", "b", "c"),
    cpus: fc.integer({ min: 1, max: 4 }),
    mebibytes: fc.constantFrom(10, 100, 1000),
    needs:
      nth === 0
        ? fc.constant([])
        : fc.uniqueArray(
            fc.record({
              task: fc.integer({ min: 0, max: nth - 1 }),
              kind: fc.constantFrom("hard" as const, "hard" as const, "soft" as const),
            }),
            { maxLength: 3, selector: ({ task }) => task },
          ),
    outcome: fc.constantFrom("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "TIMEOUT"),
    rank: fc.integer({ min: 0, max: 100 }),
  });
const someTasks = fc
  .integer({ min: 1, max: 24 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, nth) => taskAt(nth))));
const someMachine = fc.record({
  cores: fc.integer({ min: 4, max: 12 }),
  memory: fc.constantFrom(1000, 2500),
  concurrency: fc.integer({ min: 0, max: 5 }),
  patience: fc.integer({ min: 0, max: 4 }),
});

/** Goes through the steps; every start must be allowed by what ran and what had ended then. */
function checkSteps(
  tasks: readonly Task[],
  machine: Machine,
  steps: Awaited<ReturnType<typeof schedule>>["steps"],
): void {
  const running = new Set<number>();
  const started = new Set<number>();
  const ended = new Map<number, string>();
  for (const { what, nth, state } of steps) {
    if (what === "end") {
      running.delete(nth);
      ended.set(nth, state);
      continue;
    }
    expect(started.has(nth)).toBe(false);
    started.add(nth);
    running.add(nth);
    const sum = (read: (task: Task) => number) =>
      [...running].reduce((total, at) => total + (tasks.map(read)[at] ?? 0), 0);
    expect(sum(({ cpus }) => cpus)).toBeLessThanOrEqual(machine.cores);
    expect(sum(({ mebibytes }) => mebibytes)).toBeLessThanOrEqual(machine.memory);
    if (machine.concurrency > 0 && running.size > machine.concurrency) throw new Error(`${running.size} run at once`);
    for (const { task, kind } of tasks[nth]?.needs ?? []) {
      if (kind === "hard" && ended.get(task) !== "COMPLETED")
        throw new Error(`${nth} started before ${task} succeeded`);
      if (kind === "soft" && running.has(task)) throw new Error(`${nth} started before ${task} ended`);
    }
  }
}

test("no start exceeds the machine or comes before what it waits for, and every task ends as SLURM would have it", async () => {
  await fc.assert(
    fc.asyncProperty(someTasks, someMachine, async (tasks, machine) => {
      const { steps, finals } = await schedule(tasks, machine);
      checkSteps(tasks, machine, steps);
      expect(new Map([...finals].toSorted(([left], [right]) => left - right))).toEqual(foretell(tasks));
    }),
    { numRuns: 150 },
  );
}, 60_000);

test("after the first failure of a submission that is to end with it nothing starts, and nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(someTasks, someMachine, async (tasks, machine) => {
      const { steps, finals } = await schedule(tasks, machine, true);
      const failure = steps.findIndex(({ what, state }) => what === "end" && state !== "COMPLETED");
      const later = failure === -1 ? [] : steps.slice(failure);
      expect(later.filter(({ what }) => what === "start")).toEqual([]);
      expect(finals.size).toBe(tasks.length);
      expect([...finals.values()].filter((final) => !/^(COMPLETED|FAILED|TIMEOUT|CANCELLED) ./.test(final))).toEqual(
        [],
      );
    }),
    { numRuns: 60 },
  );
}, 60_000);

const plain = { mebibytes: 1, needs: [], outcome: "COMPLETED", rank: 0 };
const small = (stage: string): Task => ({ ...plain, stage, cpus: 1 });
const machine = { cores: 8, memory: 1000, concurrency: 0, patience: 5 };

test("a task that does not fit is passed over a number of times, and then nothing starts before it", async () => {
  const tasks = [small("first"), { ...small("large"), cpus: 8 }, ...Array.from({ length: 50 }, () => small("other"))];
  const { steps } = await schedule(tasks, machine);
  const starts = steps.filter(({ what }) => what === "start").map(({ nth }) => nth);
  expect(starts.indexOf(1)).toBe(1 + machine.patience);
});

test("a task that asks for more than a machine has by now runs alone", async () => {
  const { steps, finals } = await schedule(
    [small("first"), { ...small("large"), cpus: 64, mebibytes: 64_000 }],
    machine,
  );
  expect(steps.map(({ what, nth }) => `${what} ${nth}`)).toEqual(["start 0", "end 0", "start 1", "end 1"]);
  expect(finals.get(1)).toBe("COMPLETED x");
});

test("tasks that ask for the same start in the order in which they became ready", async () => {
  const tasks = Array.from({ length: 30 }, () => small("same"));
  const { steps } = await schedule(tasks, { ...machine, cores: 2 });
  const starts = steps.filter(({ what }) => what === "start").map(({ nth }) => nth);
  expect(starts).toEqual(starts.toSorted((left, right) => left - right));
});
