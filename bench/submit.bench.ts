// Handing ten thousand jobs to a real SLURM, beside one `sbatch` a job from a shell loop, on the same controller.
import { join } from "node:path";
import { planBatches } from "../packages/core/src/schedule/batches.ts";
import { median, type Area, type Measure } from "../scripts/measure.ts";
import { tryCommand } from "../test/harness/command.ts";
import { startScratchFolder } from "../test/harness/scratch-folder.ts";
import { waitUntil } from "../test/harness/wait-until.ts";
import { startSubmitStand, type SubmitStand } from "../test/target/submit-stand.ts";
import { handOverSweep, surveyStand } from "./submit/hand-over-sweep.ts";
import { JOB_BY_JOB, makeSweep, OTHER_SHAPES } from "./submit/sweeps.ts";
import { measureClient, type ClientCost } from "./submit/client-cost.ts";
import { measureWrapper } from "./submit/wrapper-cost.ts";

const ROUNDS = 3;
/** Of the shell loop's ten thousand; each `sbatch` takes as long as the one before. */
const SAMPLE = 1000;
const JOBS = 10_000;

const PARTS: Readonly<Record<string, () => Promise<Measure[]>>> = {
  sweep: async () => onStand(measureSweep),
  wrapper: async () => onStand(measureCost),
  client: measureClients,
};

/** As a user would write it; no job starts, as all nodes are drained. */
const LOOP = `
job=1
while [ "$job" -le "$1" ]; do
  sbatch --parsable --mem=100M --time=00:10:00 --output=/dev/null --error=/dev/null --wrap=true >/dev/null || exit
  job=$((job + 1))
done
`;

async function measureSweep(stand: SubmitStand): Promise<Measure[]> {
  const { cluster } = stand;
  await using scratch = await startScratchFolder("/dev/shm");
  for (const node of cluster.nodes) await cluster.setNodeState(node, "drain");
  const survey = await surveyStand(stand);
  const [ours, loops, calls]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const jobs = makeSweep(JOB_BY_JOB, round);
    await cluster.run(["sdiag", "--reset"]);
    const place = { folder: join(scratch.path, String(round)), number: 1000 + round };
    ours.push((await handOverSweep(stand, survey, jobs, place)).seconds);
    calls.push(await countSbatch(stand));
    await empty(stand, JOBS);
    loops.push(((await timeLoop(stand)) * JOBS) / SAMPLE);
    await empty(stand, SAMPLE);
  }
  for (const node of cluster.nodes) await cluster.setNodeState(node, "resume");
  const [own, loop] = [median(ours), median(loops)];
  return [
    measureMost("calls of sbatch, as the controller counts them", Math.max(...calls), "", 30),
    inform("from the plan to the last job accepted", own, "s"),
    inform(`one sbatch a job in a shell loop, ${SAMPLE} jobs measured, times ${JOBS / SAMPLE}`, loop, "s"),
    { name: "that loop against it", value: loop / own, unit: "x", bar: "at least 50 x", holds: loop / own >= 50 },
    ...OTHER_SHAPES.map((shape) => inform(`arrays for ${shape.name}`, planBatches(makeSweep(shape, 9)).length, "")),
  ];
}

async function countSbatch({ cluster }: SubmitStand): Promise<number> {
  const { stdout } = await cluster.run(["sdiag"]);
  return Number(/REQUEST_SUBMIT_BATCH_JOB\s.*?count:(?<count>[0-9]+)/.exec(stdout)?.groups?.["count"] ?? "NaN");
}

async function timeLoop({ cluster, target }: SubmitStand): Promise<number> {
  const startedAt = performance.now();
  const { exitCode, stderr } = await tryCommand(["sh", "-c", LOOP, "sh", String(SAMPLE)], {
    folder: "/",
    user: target.user,
    environment: { HOME: target.user.home, ...cluster.environment },
    timeoutSeconds: 600,
  });
  if (exitCode !== 0) throw new Error(`the loop ended with ${exitCode}: ${stderr}`);
  return (performance.now() - startedAt) / 1000;
}

/** Counts what is queued, takes it away, and waits until the controller has forgotten it. */
async function empty({ cluster, target }: SubmitStand, expected: number): Promise<void> {
  const list = async () => (await cluster.run(["squeue", "-h", "-r", "-t", "all", "-o", "%i"])).stdout.trim();
  const queued = (await list()).split("\n").length;
  if (queued !== expected) throw new Error(`${queued} jobs are queued, not ${expected}`);
  await cluster.run(["scancel", "-u", target.user.name]);
  await waitUntil({ what: "an empty queue", timeoutSeconds: 120, intervalMs: 500 }, async () => (await list()) === "");
}

async function measureCost(stand: SubmitStand): Promise<Measure[]> {
  const costs = [];
  for (let round = 0; round < ROUNDS; round += 1) costs.push(await measureWrapper(stand, round));
  const bare = median(costs.map((cost) => cost.bare)) * 1000;
  const above = median(costs.map((cost) => cost.wrapped - cost.bare)) * 1000;
  return [
    inform("processor time of an empty stage, alone", bare, "ms"),
    measureMost("what the job wrapper takes above it", above, "ms", 50),
  ];
}

const findMost = (costs: readonly ClientCost[], name: "commands" | "squeue" | "sacct"): number =>
  Math.max(...costs.map((cost) => cost[name]));
const findMiddle = (costs: readonly ClientCost[], name: "wall" | "cpu"): number =>
  median(costs.map((cost) => cost[name]));

async function measureClients(): Promise<Measure[]> {
  const { status, reused } = await measureClient(JOBS);
  return [
    measureMost("repx run, all reused, at 20 ms round trip", findMiddle(reused, "wall"), "s", 2),
    measureMost("its remote commands", findMost(reused, "commands"), "", 5),
    measureMost("repx status: processor time of the client", findMiddle(status, "cpu"), "s", 1),
    inform("its whole time, on loopback", findMiddle(status, "wall"), "s"),
    measureMost("its calls of squeue", findMost(status, "squeue"), "", 1),
    measureMost("its calls of sacct", findMost(status, "sacct"), "", 1),
  ];
}

function measureMost(name: string, value: number, unit: string, most: number): Measure {
  return { name, value, unit, bar: `at most ${most}${unit === "" ? "" : ` ${unit}`}`, holds: value <= most };
}

function inform(name: string, value: number, unit: string): Measure {
  return { name, value, unit, bar: "none", holds: true };
}

async function onStand(measure: (stand: SubmitStand) => Promise<Measure[]>): Promise<Measure[]> {
  // SLURM's own default of MaxArraySize; the rest lets a round begin with an empty queue.
  const extraConf = "MaxArraySize=1001\nMinJobAge=2\n";
  await using stand = await startSubmitStand({ folder: "/tmp/repx-bench-submit", extraConf });
  return await measure(stand);
}

/** `npm run bench -- submit`. */
export const area: Area = {
  parts: Object.keys(PARTS),
  run: async (only = Object.keys(PARTS)) => {
    const measures = [];
    for (const [name, measure] of Object.entries(PARTS)) {
      if (only.includes(name)) measures.push(...(await measure()));
    }
    return measures;
  },
};
