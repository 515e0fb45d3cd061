// Asks a target which jobs its scheduler has in the queue for submissions under the base path: a part of the survey, and alone.
import { RepxError } from "../model/errors.ts";
import type { JobId, SubmissionId } from "../model/ids.ts";
import { JobId as JobIdSchema, SubmissionId as SubmissionIdSchema } from "../model/ids.ts";
import { runChecked, type Transport } from "../target/transport/transport.ts";
import type { QueuedJob } from "./plan.ts";

/**
 * POSIX sh with coreutils, awk and sed, in the base path; the wanted jobs are in `$jobs`, a line each. Says `queue`: SLURM id, job,
 * submission, state, and what `again` in the job's files says, with tabs between; `unasked` and why, where squeue fails.
 * Must come before markers are looked for: what ends in between is then seen as a success, and not as a job that is nowhere.
 * A job that can never begin is as good as gone; one that is COMPLETING has left its marker.
 */
export const QUEUE_QUESTION = String.raw`
tab=$(printf '\t')
ask_queue() {
  command -v squeue >/dev/null 2>&1 || return 0
  for name in $(env | sed -n 's/^\(SQUEUE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  SLURM_BITSTR_LEN=0 timeout 60 squeue --me --all -h -r -t all -o '%i|%T|%r|%k'
}
pick_live() {
  awk -F '|' -v OFS='\t' '
    $2 ~ /^(PENDING|CONFIGURING|RUNNING|SUSPENDED|STOPPED|RESIZING|REQUEUED|SIGNALING|STAGE_OUT)$/ && $3 != "DependencyNeverSatisfied" {
      if (split($4, part, ":") > 1 && part[1] == "repx" && part[2] ~ /^s[0-9a-z]+$/) print "live", part[2], $1, $2
    }'
}
join_rows() {
  printf 'wanted\t%s\n' $jobs
  printf '%s\n' "$live"
  for id in $(printf '%s\n' "$live" | cut -f 2 | sort -u); do
    [ -r "submissions/$id/slurm.tsv" ] && sed "s/^/row$tab$id$tab/" "submissions/$id/slurm.tsv"
  done
}
find_queued() {
  awk -F '\t' -v OFS='\t' '
    $1 == "wanted" { wanted[$2] }
    $1 == "live" { state[$2 " " $3] = $4 }
    $1 == "row" && NF == 4 && ($4 in wanted) && (($2 " " $3) in state) { print $3, $4, $2, state[$2 " " $3] }'
}
say queue
if listed=$(ask_queue 2>&1); then
  live=$(printf '%s\n' "$listed" | pick_live)
  [ -z "$live" ] || join_rows | find_queued | while IFS=$tab read -r slurm job submission state; do
    again=
    [ ! -s "submissions/$submission/jobs/$job/again" ] || read -r again <"submissions/$submission/jobs/$job/again"
    printf '%s\t%s\t%s\t%s\t%s\n' "$slurm" "$job" "$submission" "$state" "$again"
  done
else
  say unasked
  printf '%s\n' "$listed"
fi
`;

/** Says `revisions`: of the wanted jobs' records the line that holds one. */
export const REVISION_QUESTION = String.raw`
say revisions
records=$(for id in $found; do [ ! -e "outputs/$id/repx/job.json" ] || printf 'outputs/%s/repx/job.json\n' "$id"; done)
run_in_parts "$records" grep -m 1 -H '^  "rev": [0-9]' 2>/dev/null
`;

const ROW = /^(?<slurmId>\d+(?:_\d+)?)\t(?<job>\S+)\t(?<submission>\S+)\t(?<state>[A-Z_]+)\t(?<again>force|\d{1,9}|)$/;
const REVISION = /^outputs\/(?<job>[^/]+)\/repx\/job\.json: {2}"rev": (?<rev>\d{1,9}),?$/;

/** Reads who has which job in the queue. Of several that have the same one it is the one that runs, or the earliest. */
export function parseQueue(lines: readonly string[]): ReadonlyMap<JobId, QueuedJob> {
  const queued = new Map<JobId, QueuedJob>();
  for (const line of lines) {
    const row = ROW.exec(line)?.groups ?? {};
    const job = JobIdSchema.safeParse(row["job"]).data;
    const submission = SubmissionIdSchema.safeParse(row["submission"]).data;
    if (job === undefined || submission === undefined) continue;
    const found = describeRow(row, submission);
    const known = queued.get(job);
    if (known === undefined || isBefore(found, known)) queued.set(job, found);
  }
  return queued;
}

/** Reads the revisions of records. */
export function parseRevisions(lines: readonly string[]): ReadonlyMap<JobId, number> {
  const found = lines.flatMap((line): [JobId, number][] => {
    const { job: name, rev } = REVISION.exec(line)?.groups ?? {};
    const job = JobIdSchema.safeParse(name).data;
    return job === undefined ? [] : [[job, Number(rev)]];
  });
  return new Map(found);
}

const LOOK_AGAIN = String.raw`
set -uf
cd -- "$1" || exit 1
say() { printf '= %s\n' "$1"; }
jobs=$(cat)
IFS='
'
${QUEUE_QUESTION}
say succeeded
for id in $jobs; do [ ! -e "outputs/$id/repx/SUCCESS" ] || printf '%s\n' "$id"; done
say end
`;

/** Nothing is started while nobody knows what runs already. `said` are the lines of the answer `unasked`. */
export function refuseSilence(said: readonly string[], where: string): RepxError {
  return new RepxError("SLURM_UNREACHABLE", `squeue on ${where} did not answer: ${said.at(-1) ?? ""}`, {
    hint: "See `squeue --me` and `scontrol ping` there, and try again: without the queue nobody knows what runs already.",
    details: { stderr: said.join("\n") },
  });
}

/** Looks at these jobs again, in one command: which are in the queue, and which have succeeded. SLURM_UNREACHABLE when squeue does not answer. */
export async function lookAgain(
  transport: Transport,
  basePath: string,
  jobs: readonly JobId[],
): Promise<{ readonly queued: ReadonlyMap<JobId, QueuedJob>; readonly succeeded: ReadonlySet<JobId> }> {
  const { stdout } = await runChecked(transport, {
    argv: ["sh", "-c", LOOK_AGAIN, "look-again", basePath],
    stdin: jobs.map((id) => `${id}\n`).join(""),
    deadlineSeconds: 120,
  });
  const lines = stdout.split("\n");
  const unasked = lines.indexOf("= unasked");
  if (unasked >= 0)
    throw refuseSilence(lines.slice(unasked + 1, lines.lastIndexOf("= succeeded")), transport.description);
  const succeeded = new Set(lines.slice(lines.lastIndexOf("= succeeded") + 1));
  return { queued: parseQueue(lines), succeeded: new Set(jobs.filter((id) => succeeded.has(id))) };
}

function describeRow(row: Readonly<Record<string, string | undefined>>, submission: SubmissionId): QueuedJob {
  const { slurmId = "", state = "", again = "" } = row;
  return {
    slurmId,
    submission,
    isRunning: !["PENDING", "REQUEUED", "CONFIGURING"].includes(state),
    ...(again === "" ? {} : { again: again === "force" ? again : Number(again) }),
  };
}

function isBefore(left: QueuedJob, right: QueuedJob): boolean {
  if (left.isRunning !== right.isRunning) return left.isRunning;
  const [first = [], second = []] = [left, right].map(({ slurmId }) => slurmId.split("_").map(Number));
  return (first[0] ?? 0) - (second[0] ?? 0) < 0 || (first[0] === second[0] && (first[1] ?? 0) < (second[1] ?? 0));
}
