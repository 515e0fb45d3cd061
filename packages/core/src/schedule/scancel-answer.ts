import { RepxError } from "../model/errors.ts";
import type { Output, Transport } from "../target/transport/transport.ts";

/** What has ended meanwhile is no failure. */
const HARMLESS = /Invalid job id|[Aa]lready completing or completed/;
const AWAY = /Unable to contact|Connection refused|timed out|Unexpected message|authentication/i;
/** What xargs ends with when a command that it ran failed (xargs(1)). */
const SOME_FAILED = 123;

/** Refuses an end of `xargs scancel` (LC_ALL=C) that left jobs: SLURM_UNREACHABLE when the controller does not answer. */
export function checkScancel(transport: Pick<Transport, "description">, output: Output): void {
  const complaint = output.stderr.split("\n").find((line) => line.includes("scancel") && !HARMLESS.test(line));
  if (output.exitCode === 0 || (complaint === undefined && output.exitCode === SOME_FAILED)) return;
  const said = complaint ?? output.stderr.trim().split("\n").at(-1) ?? "";
  if (AWAY.test(said)) {
    throw new RepxError("SLURM_UNREACHABLE", `SLURM does not answer on ${transport.description}: ${said}`, {
      hint: "Nothing may have been cancelled. Run the same command again when `squeue` answers there.",
      details: output,
    });
  }
  throw new RepxError(
    "SLURM_REJECTED",
    `scancel on ${transport.description}: ${said || `exit code ${output.exitCode}`}`,
    {
      hint: "Cancel by hand there: the SLURM ids are in the submission's slurm.tsv.",
      details: output,
    },
  );
}
