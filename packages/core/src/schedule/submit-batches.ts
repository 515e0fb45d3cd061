import { RepxError } from "../model/errors.ts";
import type { Transport } from "../target/transport.ts";
import type { Batch } from "./batches.ts";
import { renderBatchScript, renderSbatchArguments, type SubmissionPlace } from "./sbatch-command.ts";

// In one remote command, so that the id is on the target's disk before anybody else hears of it.
const SUBMIT = `
set -u
folder=$1 number=$2; shift 2
id=$(sbatch "$@") || exit 1
id=\${id%%;*}
awk -F '\\t' -v id="$id" '$1 != "" { print id "_" NR "\\t" $1 }' "$folder/batches/$number.tsv" >>"$folder/slurm.tsv" || { scancel "$id"; exit 2; }
printf '%s\\n' "$id"
`;

// The relay outlives the connection: it is what reports every end.
const START_RELAY = `
set -u
programs=$1 base=$2 id=$3
setsid nohup "$programs/repx-relay" "$base" "$id" </dev/null >/dev/null 2>&1 &
`;

const FINISH = 'touch "$1/submitted"';

// The target's own list knows also a batch whose answer was lost with the connection.
const CANCEL = `
set -u
[ -d "$1" ] || exit 0
cut -f 1 "$1/slurm.tsv" 2>/dev/null | cut -d _ -f 1 | sort -u | xargs -r scancel
touch "$1/submitted"
`;

/** Hands the batches to SLURM in order; says the SLURM id of each. */
export async function submitBatches(
  transport: Transport,
  batches: readonly Batch[],
  place: SubmissionPlace,
  onSubmitted: (batch: Batch) => void = () => {},
): Promise<ReadonlyMap<number, string>> {
  const folder = `${place.basePath}/submissions/${place.id}`;
  const slurmIds = new Map<number, string>();
  await runScript(transport, START_RELAY, [place.programs, place.basePath, place.id]);
  for (const batch of batches) {
    const sbatch = renderSbatchArguments(batch, place, slurmIds);
    slurmIds.set(batch.number, await submitBatch(transport, batch, [folder, String(batch.number), ...sbatch], place));
    onSubmitted(batch);
  }
  await runScript(transport, FINISH, [folder]);
  return slurmIds;
}

/** Takes back what was submitted of a submission, as far as the target knows of it. */
export async function cancelSubmission(
  transport: Transport,
  place: Pick<SubmissionPlace, "basePath" | "id">,
): Promise<void> {
  await runScript(transport, CANCEL, [`${place.basePath}/submissions/${place.id}`]);
}

async function submitBatch(
  transport: Transport,
  batch: Batch,
  args: readonly string[],
  place: SubmissionPlace,
): Promise<string> {
  const output = await transport.run({
    argv: ["sh", "-c", SUBMIT, "sh", ...args],
    stdin: renderBatchScript(batch, place),
    deadlineSeconds: 120,
  });
  const id = output.stdout.trim();
  if (output.exitCode === 0 && /^[0-9]+$/.test(id)) return id;
  const said = output.stderr.trim().split("\n").at(-1) ?? "";
  throw new RepxError(
    "SLURM_REJECTED",
    `sbatch refused ${batch.tasks.size} ${batch.tasks.size === 1 ? "job" : "jobs"} of stage ${batch.stage}: ${said}`,
    {
      hint: "Compare partition, time, memory and account in resources.toml with `sinfo` and `scontrol show partition` on the target.",
      details: output,
    },
  );
}

async function runScript(transport: Transport, script: string, args: readonly string[]): Promise<void> {
  const output = await transport.run({ argv: ["sh", "-c", script, "sh", ...args], deadlineSeconds: 60 });
  if (output.exitCode === 0) return;
  throw new RepxError(
    "SSH_COMMAND_FAILED",
    `${transport.description}: ${output.stderr.trim() || `exit code ${output.exitCode}`}`,
    {
      hint: "Run the command on the target by hand to see more; check the disk's space and the quota there.",
      details: output,
    },
  );
}
