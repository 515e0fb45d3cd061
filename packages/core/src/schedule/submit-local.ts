import { randomUUID } from "node:crypto";
import { RepxError } from "../model/errors.ts";
import type { Transport } from "../target/transport/transport.ts";
import type { Batch } from "./batches.ts";
import type { SubmissionPlace } from "./sbatch-command.ts";

// The agent numbers the arrays one after another; whatever the login's start-up files print does not begin with our mark.
const HAND_IN = `
set -u
mark=$1 programs=$2 base=$3 id=$4 concurrency=$5
"$programs/repx-hand-in" "$base" "$id" "$concurrency" || exit
IFS=_ read -r first rest <"$base/submissions/$id/slurm.tsv" && touch "$base/submissions/$id/submitted" && echo "$mark $first"
`;

/** Hands the batches to the target's agent, which the submission's folder with its plan lies ready for; says the id of each array. */
export async function submitLocal(
  transport: Transport,
  batches: readonly Batch[],
  place: SubmissionPlace,
  concurrency = 0,
): Promise<ReadonlyMap<number, string>> {
  const mark = randomUUID();
  const words = [mark, place.programs, place.basePath, place.id, String(concurrency)];
  const output = await transport.run({ argv: ["sh", "-c", HAND_IN, "sh", ...words], deadlineSeconds: 120 });
  const answer = output.stdout.split("\n").find((line) => line.startsWith(mark));
  const first = /^ ([0-9]+)$/.exec(answer?.slice(mark.length) ?? "")?.[1];
  if (output.exitCode === 0 && first !== undefined)
    return new Map(batches.map(({ number }) => [number, String(Number(first) + number - 1)]));
  const said = output.stderr.trim().split("\n").at(-1) ?? "";
  throw new RepxError("LOCAL_AGENT_FAILED", `the agent on ${transport.description} did not take the jobs: ${said}`, {
    hint: `See agent/*/agent.log in ${place.basePath}, and whether programs may outlive a session there and the disk has room.`,
    details: output,
  });
}
