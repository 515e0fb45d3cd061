// What the job wrapper costs beside the job: CPU time of all processes, for a stage that does nothing, without SLURM.
import { join } from "node:path";
import { median, type Area, type Measure } from "../scripts/measure.ts";
import { ensureClusterUser } from "../test/harness/cluster-user.ts";
import { runCommand } from "../test/harness/command.ts";
import { makeTargetFolder } from "../test/target/target-folder.ts";

const ROUNDS = 5;
const JOBS = 50;
const MOST_MILLISECONDS = 50;

/** Words: number of jobs, then the command, which learns its number as an array's task does. Prints user and system seconds. */
const LOOP = `
TIMEFORMAT='%U %S' count=$1
shift
time for ((task = 1; task <= count; task++)); do SLURM_ARRAY_JOB_ID=1 SLURM_ARRAY_TASK_ID=$task "$@" </dev/null >/dev/null 2>&1 || exit; done
`;

async function measureMilliseconds(...command: readonly string[]): Promise<number> {
  const { stderr } = await runCommand(["bash", "-c", LOOP, "loop", String(JOBS), ...command]);
  const [user = NaN, system = NaN] = stderr.trim().split(" ").map(Number);
  return ((user + system) * 1000) / JOBS;
}

async function run(): Promise<readonly Measure[]> {
  await using target = await makeTargetFolder("/tmp/repx-wrapper-bench", await ensureClusterUser());
  const rounds: { readonly own: number; readonly bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const stages = Array.from({ length: JOBS }, () => ({ stage: "empty", script: ":" }));
    const { number, ids } = await target.addBatch(stages);
    const bare = await measureMilliseconds(join(target.base, "artifacts/jobs", ids[0] ?? "", "bin/run"));
    const whole = await measureMilliseconds(
      join(target.programs, "repx-job"),
      target.base,
      target.submission,
      `${number}`,
    );
    rounds.push({ own: whole - bare, bare });
  }
  const own = median(rounds.map((round) => round.own));
  return [
    { name: "a script that does nothing", value: median(rounds.map(({ bare }) => bare)), unit: "ms CPU" },
    {
      name: "the wrapper around it",
      value: own,
      unit: "ms CPU",
      bar: `<= ${MOST_MILLISECONDS}`,
      holds: own <= MOST_MILLISECONDS,
    },
  ].map((measure) => ({ bar: "", holds: true, ...measure }));
}

export const area: Area = { run };
