// What the job wrapper itself takes of a processor: repx-job with a stage that does nothing, above that stage alone.
import { z } from "zod";
import { tryCommand } from "../../test/harness/command.ts";
import type { SubmitStand } from "../../test/target/submit-stand.ts";
import { makeSweep } from "./sweeps.ts";

const RUNS = 100;

// The shell's own ended children: the 16th and 17th field of its stat, in hundredths of a second (proc_pid_stat(5)).
const MEASURE = `
runs=$1; shift
run=1
while [ "$run" -le "$runs" ]; do
  SLURM_ARRAY_TASK_ID=$run "$@" || exit
  run=$((run + 1))
done
read -r stat <"/proc/$$/stat"
set -- \${stat##*) }
echo $((\${14} + \${15}))
`;

/** Seconds of processor time for one run each. */
export interface WrapperCost {
  readonly wrapped: number;
  readonly bare: number;
}

/** Runs both in the way of a compute node, without a scheduler, in one round. */
export async function measureWrapper(stand: SubmitStand, round: number): Promise<WrapperCost> {
  const jobs = makeSweep({ name: "empty", first: RUNS, second: 0, waits: () => [] }, 900 + round);
  const { place, batches } = await stand.writeSubmission(jobs, { script: ":" });
  const [batch] = batches;
  const executable = [...(batch?.tasks.values() ?? [])][0]?.executable ?? "";
  const bare = await measure(stand, [`${place.basePath}/artifacts/${executable}`]);
  const wrapped = await measure(stand, [`${place.programs}/repx-job`, place.basePath, place.id, "1"]);
  return { wrapped, bare };
}

async function measure({ target }: SubmitStand, argv: readonly string[]): Promise<number> {
  const { exitCode, stdout, stderr } = await tryCommand(["sh", "-c", MEASURE, "sh", String(RUNS), ...argv], {
    user: target.user,
    environment: { HOME: target.user.home, SLURM_JOB_ID: "1", SLURMD_NODENAME: "node" },
    timeoutSeconds: 300,
  });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}: ${stderr}`);
  return z.coerce.number().parse(stdout.trim()) / 100 / RUNS;
}
