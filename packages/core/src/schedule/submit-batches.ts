// Hands the batches of a submission, whose files are on the target already, to SLURM: one remote command, however many there are.
import { randomUUID } from "node:crypto";
import { CODES, RepxError } from "../model/errors.ts";
import type { Output, Transport } from "../target/transport/transport.ts";
import type { Batch } from "./batches.ts";
import type { SubmissionPlace } from "./sbatch-command.ts";
import {
  describeProgress,
  nameBatch,
  parseSubmitWord,
  type SubmitProgress,
  type SubmitWord,
} from "./submit-progress.ts";

/** A command that was cut off is begun again this often; it goes on where it was. */
const ATTEMPTS = 5;
const DAY_SECONDS = 24 * 3600;

/** Hands the batches to SLURM in order; says the SLURM id of each. */
export async function submitBatches(
  transport: Transport,
  batches: readonly Batch[],
  place: SubmissionPlace,
  onProgress: (progress: SubmitProgress) => void = () => {},
): Promise<ReadonlyMap<number, string>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runSubmit(transport, batches, place, onProgress);
    } catch (error) {
      const mayPass = error instanceof RepxError && error.code.startsWith("SSH_") && CODES[error.code].retry;
      if (!mayPass || attempt === ATTEMPTS) throw error;
    }
  }
}

async function runSubmit(
  transport: Transport,
  batches: readonly Batch[],
  place: SubmissionPlace,
  onProgress: (progress: SubmitProgress) => void,
): Promise<ReadonlyMap<number, string>> {
  const mark = randomUUID();
  const slurmIds = new Map<number, string>();
  let last: SubmitWord | undefined;
  const output = await transport.run({
    argv: [`${place.programs}/repx-submit`, place.basePath, place.id, mark],
    onStdout: readLines((line) => {
      const word = parseSubmitWord(line, mark);
      if (word === undefined) return;
      last = word;
      if (word.kind === "accepted") slurmIds.set(word.number, word.slurmId);
      const progress = describeProgress(word, batches.length);
      if (progress !== undefined) onProgress(progress);
    }),
    // SLURM may let jobs in only as others end.
    deadlineSeconds: DAY_SECONDS,
  });
  if (last?.kind === "done" && slurmIds.size === batches.length) return slurmIds;
  throw describeEnd(last, batches, output);
}

/** Takes chunks of a stream and hands on whole lines. */
function readLines(onLine: (line: string) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = "";
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
}

function describeEnd(word: SubmitWord | undefined, batches: readonly Batch[], output: Output): RepxError {
  const jobs = nameBatch(word !== undefined && "number" in word ? batches[word.number - 1] : undefined);
  const details = output;
  switch (word?.kind) {
    case "refused":
      return new RepxError("SLURM_REJECTED", `sbatch refused ${jobs}: ${pickWords(word.reason)}`, {
        hint: "Compare partition, time, memory and account in resources.toml with `sinfo` and `scontrol show partition` on the target.",
        details,
      });
    case "busy":
      return new RepxError("SLURM_BUSY", `SLURM did not take ${jobs} for too long: ${pickWords(word.reason)}`, {
        hint: "See `sinfo`, `squeue --me` and the limits of your account (`sacctmgr show assoc user=$USER`) on the target, and submit again later.",
        details,
      });
    case "stopped":
      return new RepxError("SLURM_REJECTED", `${jobs} were not submitted: ${word.reason}`, {
        hint: "Submit again.",
        details,
      });
    default: {
      const said = word?.kind === "failed" ? word.reason : output.stderr.trim().split("\n").at(-1);
      return new RepxError("SLURM_REJECTED", `the submission of ${jobs} ended without an answer: ${said}`, {
        hint: "See whether the disk of base_path is full, and what the user's shell start-up files do when no terminal is there.",
        details,
      });
    }
  }
}

/** The words that tell most: sbatch's own, without what a site's filter printed before them. */
function pickWords(reason: string): string {
  const at = reason.lastIndexOf("sbatch: error:");
  return at === -1 ? reason : reason.slice(at);
}
