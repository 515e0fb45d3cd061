import { randomUUID } from "node:crypto";
import { RepxError } from "../model/errors.ts";
import type { Transport } from "../target/transport/transport.ts";
import type { Batch } from "./batches.ts";
import { renderBatchScript, renderSbatchArguments, type SubmissionPlace } from "./sbatch-command.ts";

// In one remote command, so that the id is on the target's disk before anybody else hears of it. The answer is told by a
// mark of ours: a login's start-up files may print whatever they like before it.
const SUBMIT = `
set -u
mark=$1 folder=$2 number=$3; shift 3
id=$(sbatch "$@") || { echo "$mark refused"; exit 1; }
id=\${id%%;*}
awk -F '\\t' -v id="$id" '$1 != "" { print id "_" NR "\\t" $1 }' "$folder/batches/$number.tsv" >>"$folder/slurm.tsv" || {
  scancel "$id"
  exit 2
}
echo "$mark $id"
`;

// The relay outlives the connection: it is what reports every end. `started` says when this was, by the target's clock.
const START_RELAY = `
set -u
programs=$1 base=$2 id=$3
touch "$base/submissions/$id/started" || exit 1
setsid nohup "$programs/repx-relay" "$base" "$id" </dev/null >/dev/null 2>&1 &
`;

// A relay that ends in order takes its pid file with it: one that is left is of a relay that runs (the second instance
// ends at once) or that was killed, with the machine perhaps.
const REVIVE = `
set -u
for pid in "$1"/submissions/*/relay.pid; do
  folder=\${pid%/relay.pid}
  [ -f "$folder/programs" ] && read -r programs <"$folder/programs" || continue
  setsid nohup "$programs/repx-relay" "$1" "\${folder##*/}" </dev/null >/dev/null 2>&1 &
done
`;

const FINISH = 'touch "$1/submitted"';

/** Hands the batches to SLURM in order; says the SLURM id of each. `awaited` are arrays of other submissions that batches wait for. */
export async function submitBatches(
  transport: Transport,
  batches: readonly Batch[],
  place: SubmissionPlace,
  onSubmitted: (batch: Batch) => void = () => {},
  awaited: ReadonlyMap<number, string> = new Map(),
): Promise<ReadonlyMap<number, string>> {
  const folder = `${place.basePath}/submissions/${place.id}`;
  const slurmIds = new Map<number, string>();
  await runScript(transport, START_RELAY, [place.programs, place.basePath, place.id]);
  for (const batch of batches) {
    const sbatch = renderSbatchArguments(batch, place, new Map([...awaited, ...slurmIds]));
    slurmIds.set(batch.number, await submitBatch(transport, batch, [folder, String(batch.number), ...sbatch], place));
    onSubmitted(batch);
  }
  await runScript(transport, FINISH, [folder]);
  return slurmIds;
}

/** Starts the relays of earlier submissions again that were killed before all their jobs had been told of. */
export async function reviveRelays(transport: Transport, basePath: string): Promise<void> {
  await runScript(transport, REVIVE, [basePath]);
}

async function submitBatch(
  transport: Transport,
  batch: Batch,
  args: readonly string[],
  place: SubmissionPlace,
): Promise<string> {
  const mark = randomUUID();
  const output = await transport.run({
    argv: ["sh", "-c", SUBMIT, "sh", mark, ...args],
    stdin: renderBatchScript(batch, place),
    deadlineSeconds: 120,
  });
  const answer = output.stdout.split("\n").find((line) => line.startsWith(mark));
  const id = /^ ([0-9]+)$/.exec(answer?.slice(mark.length) ?? "")?.[1];
  if (id !== undefined) return id;
  const said =
    output.stderr
      .trim()
      .split("\n")
      .findLast((line) => line.includes("sbatch")) ?? output.stderr.trim();
  const jobs = `${batch.tasks.size} ${batch.tasks.size === 1 ? "job" : "jobs"} of stage ${batch.stage}`;
  const [message, hint] =
    answer === undefined
      ? [
          `the submission of ${jobs} ended without an answer: ${said}`,
          "See what the user's shell start-up files do when no terminal is there, and whether the disk of base_path is full.",
        ]
      : [
          `sbatch refused ${jobs}: ${said}`,
          "Compare partition, time, memory and account in resources.toml with `sinfo` and `scontrol show partition` on the target.",
        ];
  throw new RepxError("SLURM_REJECTED", message, { hint, details: output });
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
