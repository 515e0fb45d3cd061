// A cluster with scatter-gather jobs: the diamond of RepX's reference Lab, and what became of it.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import { JobEvent } from "../../packages/core/src/model/protocol.ts";
import type { JobId } from "../../packages/core/src/model/ids.ts";
import type { SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import type { JobFiles, JobParts } from "../../packages/core/src/schedule/submission-files.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { onTestFailed } from "vitest";
import { waitUntil } from "../harness/wait-until.ts";
import { startSubmitStand, type SubmitStand, type WrittenSubmission } from "./submit-stand.ts";

/** Extract, then square and double, then combine. Each program gets <out> <inputs> <parameters>. */
export const DIAMOND = {
  scatter: `echo '[{"x":1},{"x":2},{"x":3}]' >"$1/work_items.json"`,
  extract: `sed 's/.*"x":\\([0-9]*\\).*/\\1/' "$(input item "$2")" >"$1/x"`,
  square: `x=$(cat "$(input x "$2")"); echo $((x * x)) >"$1/y"`,
  double: `x=$(cat "$(input x "$2")"); echo $((x + x)) >"$1/y"`,
  combine: `echo $(($(cat "$(input a "$2")") + $(cat "$(input b "$2")"))) >"$1/sum"`,
  gather: `for file in $(sed 's/[^"]*"sum": *"\\([^"]*\\)".*/\\1/;s/[][,]//g' "$(input outs "$2")" | grep '^/'); do cat "$file"; done >"$1/sums"`,
};
export type Diamond = typeof DIAMOND;

const INPUT = `input() { sed -n 's/.*"'"$1"'": *"\\([^"]*\\)".*/\\1/p' "$2" | head -n 1; }`;

export interface DiamondJob {
  readonly job: SchedulableJob;
  readonly files: JobFiles;
  /** Its folder on the target. */
  readonly folder: string;
  read(path: string): Promise<string | undefined>;
  /** SLURM ids of the tasks that ran a part, over all attempts. */
  readRuns(part: string): Promise<readonly string[]>;
}

export interface DiamondWishes {
  readonly scripts?: Partial<Diamond>;
  readonly options?: readonly string[];
  readonly waits?: readonly JobId[];
  readonly runtime?: string;
}

/** Writes a job's programs to the target; written again, they are what runs next. */
export async function makeDiamond(
  stand: SubmitStand,
  nth: number,
  { scripts = {}, options = [], waits = [], runtime }: DiamondWishes = {},
): Promise<DiamondJob> {
  const { base } = stand.target;
  const id = jobId(nth, "sum-1.0");
  const folder = join(base, "outputs", id);
  const bin = join(base, "artifacts/jobs", id, "bin");
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries({ ...DIAMOND, ...scripts })) {
    const ran = `echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID" >>"$1.runs"`;
    const note = runtime === undefined ? ran : "true";
    await writeFile(join(bin, name), `#!/bin/sh\nset -e\n${INPUT}\n${note}\n${script}\n`, { mode: 0o755 });
  }
  const read = async (path: string) => readFile(join(folder, path), "utf8").catch(() => undefined);
  return {
    job: {
      id,
      stage: "sum",
      executable: `jobs/${id}/bin/run`,
      resources: { mem: "50M", sbatchOpts: options },
      dependsOn: waits.map((upstream) => ({ id: upstream, kind: "hard" })),
      items: { mem: "40M", sbatchOpts: [] },
    },
    files: {
      job: { stage: "sum", ...(runtime === undefined ? {} : { runtime: "bwrap" }) },
      inputs: { data: "/in put" },
      parameters: { seed: 7 },
      parts: describeParts(id, folder),
      ...(runtime === undefined ? {} : { runtime }),
    },
    folder,
    read,
    readRuns: async (part) => ((await read(`${part}.runs`)) ?? "").split("\n").filter((line) => line !== ""),
  };
}

function describeParts(id: JobId, folder: string): JobParts {
  const program = (name: string) => `jobs/${id}/bin/${name}`;
  const branch = `${folder}/branch-\u0001`;
  const step = (name: string, needs: readonly string[], inputs: Readonly<Record<string, string>>) => ({
    name,
    program: program(name),
    needs,
    inputs,
  });
  return {
    scatter: program("scatter"),
    steps: [
      step("extract", [], { item: `${branch}/repx/work_item.json` }),
      step("double", ["extract"], { x: `${branch}/step-extract/out/x` }),
      step("square", ["extract"], { x: `${branch}/step-extract/out/x` }),
      step("combine", ["square", "double"], {
        a: `${branch}/step-square/out/y`,
        b: `${branch}/step-double/out/y`,
      }),
    ],
    gather: program("gather"),
    gatherInputs: { outs: `${folder}/repx/worker_outs_manifest.json` },
    branchOutputs: { sum: `${branch}/step-combine/out/sum` },
  };
}

/** The ends that the relay has told of, `<state> <reason>` by job. */
export async function readEnds(submission: WrittenSubmission): Promise<ReadonlyMap<JobId, JobEvent>> {
  const text = await readFile(join(submission.folder, "events.ndjson"), "utf8").catch(() => "");
  const events = text.split("\n").flatMap((line) => (line === "" ? [] : [JobEvent.parse(JSON.parse(line))]));
  const ends = events.filter(({ state }) => !["RUNNING", "PENDING", "REQUEUED"].includes(state));
  return new Map(ends.map((event) => [event.job, event]));
}

export interface Started {
  readonly submission: WrittenSubmission;
  /** Its first job has this number; another submission with it has the same jobs. */
  readonly number: number;
  readonly sums: readonly DiamondJob[];
  /** State and reason of each job's end, in the order of `sums`, then of the one that needs them all. */
  waitForEnds(): Promise<readonly string[]>;
}

export interface PartsStand extends SubmitStand {
  /** Submits scatter-gather jobs and one that needs them all. */
  start(wishes: readonly DiamondWishes[], number?: number): Promise<Started>;
  /** A hundred numbers that no other job has. */
  takeNumbers(): number;
  /** What SLURM has of a submission that has not ended: id, state and comment of each task. */
  listLive(submission: WrittenSubmission): Promise<readonly string[]>;
  /** SLURM's ids of all arrays of work items of a submission. */
  listItems(submission: WrittenSubmission): Promise<readonly string[]>;
}

/** Starts a cluster where an array has at most 10 tasks. */
export async function startPartsStand(folder: string): Promise<PartsStand> {
  const stand = await startSubmitStand({
    folder,
    extraConf: "MaxArraySize=11\n",
    environment: {
      REPX_SWEEP_SECONDS: "2",
      REPX_TICK_SECONDS: "0.3",
      REPX_SUBMIT_SECONDS: "20",
      REPX_WAIT_SECONDS: "1",
    },
  });
  let last = 0;
  const takeNumbers = (): number => (last += 100);
  return {
    ...stand,
    takeNumbers,
    start: async (wishes, number = takeNumbers()) => start(stand, wishes, number),
    listItems: async ({ place }) => {
      const { stdout } = await stand.cluster.run(["squeue", "-h", "-t", "all", "-o", "%F %k"]);
      const items = stdout.split("\n").filter((line) => new RegExp(`repx:${place.id}:[0-9]+:[0-9]+:`).test(line));
      return [...new Set(items.map((line) => line.split(" ")[0] ?? ""))];
    },
    listLive: async ({ place }) => {
      const { stdout } = await stand.cluster.run(["squeue", "-h", "-r", "-o", "%i %T %k"]);
      return stdout.split("\n").filter((line) => line.includes(`repx:${place.id}:`));
    },
  };
}

async function start(stand: SubmitStand, wishes: readonly DiamondWishes[], number: number): Promise<Started> {
  const sums = await Promise.all(wishes.map(async (one, index) => makeDiamond(stand, number + index, one)));
  onTestFailed(async () => {
    console.log(await stand.cluster.readLogs());
    for (const sum of sums) console.log(await sum.read("repx/stderr.log"));
  });
  const after: SchedulableJob = {
    id: jobId(number + 99, "after-1.0"),
    stage: "after",
    executable: `jobs/${jobId(number + 99, "after-1.0")}/bin/run`,
    resources: { mem: "40M", sbatchOpts: [] },
    dependsOn: sums.map(({ job: { id } }) => ({ id, kind: "hard" })),
  };
  const submission = await stand.writeSubmission([...sums.map(({ job }) => job), after], {
    mostTasks: 10,
    files: new Map(sums.map(({ job, files }) => [job.id, files])),
  });
  await submitBatches(stand.transport, submission.batches, submission.place);
  const ids = [...sums.map(({ job }) => job.id), after.id];
  return {
    submission,
    number,
    sums,
    waitForEnds: async () => {
      const ends = await waitUntil({ what: "all ends", timeoutSeconds: 90, intervalMs: 300 }, async () => {
        const found = await readEnds(submission);
        return ids.every((id) => found.has(id)) ? found : undefined;
      });
      return ids.map((id) => ends.get(id)).map((end) => `${end?.state} ${end?.reason ?? end?.exitCode ?? ""}`);
    },
  };
}
