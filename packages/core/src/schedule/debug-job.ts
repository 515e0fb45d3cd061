import type { JobId, SubmissionId } from "../model/ids.ts";
import type { Output, RunRequest, Transport } from "../target/transport/transport.ts";

/** Which job, and what is to be done there: a shell on the terminal when there is no command. */
export interface DebugRequest extends Pick<RunRequest, "terminal" | "onStdout"> {
  readonly basePath: string;
  readonly submission: SubmissionId;
  readonly job: JobId;
  readonly command?: string;
}

// Words: base path, submission, job, and the command if there is one. 69 is EX_UNAVAILABLE of sysexits.h.
const DEBUG = `
base=$1 submission=$2
if { read -r programs <"$base/submissions/$submission/programs"; } 2>/dev/null && [ -x "$programs/repx-debug" ]; then
  exec "$programs/repx-debug" "$@"
fi
echo "the submission $submission is gone, or an older RepX made it: submit the job again" >&2
exit 69
`;
/** As long as a person may sit there; SLURM's limit comes first. */
const WEEK_SECONDS = 7 * 24 * 3600;

/** Opens a shell, or runs a command, where a job runs and with what it is given; outputs go to a folder of their own. */
export async function debugJob(transport: Transport, request: DebugRequest): Promise<Output> {
  const { basePath, submission, job, command, terminal, onStdout } = request;
  const words = [basePath, submission, job, ...(command === undefined ? [] : [command])];
  return transport.run({
    argv: ["sh", "-c", DEBUG, "debug", ...words],
    deadlineSeconds: WEEK_SECONDS,
    ...(terminal === undefined ? {} : { terminal }),
    ...(onStdout === undefined ? {} : { onStdout }),
  });
}
