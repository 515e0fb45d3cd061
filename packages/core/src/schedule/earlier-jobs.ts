// What a target has records of: the jobs that ran before, as far as they can explain why others run.
import * as z from "zod";
import type { JobId } from "../model/ids.ts";
import { runChecked, type Transport } from "../target/transport/transport.ts";
import { JobIdentity } from "./job-identity.ts";

/** A job that was begun on a target. */
export interface EarlierJob extends JobIdentity {
  /** What its last attempt left; `unfinished` when it left no marker. */
  readonly end: "succeeded" | "failed" | "unfinished";
  /** What the scheduler called the end, where a relay saw it. */
  readonly state?: string;
  /** When the last attempt ended, or else when it began. */
  readonly at?: string;
}

/** Most that one look brings: records, bytes of one, bytes of all. */
const MOST_RECORDS = 10_000;
const MOST_RECORD_BYTES = 64 * 1024;
const MOST_BYTES = 48 * 1024 * 1024;

/**
 * POSIX sh with coreutils and awk, in the base path. On stdin: wanted jobs, a line `/`, names of stages. Prints a line a record:
 * job, marker, state, first line of result.json, job.json on one line (no string of JSON has a line feed), with tabs between.
 * Wanted jobs come first, then the newest of the stages. One awk reads all files: no process for each.
 */
const READ_RECORDS = String.raw`
set -uf
LC_ALL=C
export LC_ALL
cd -- "$1" 2>/dev/null && [ -d outputs ] || { echo '= end'; exit 0; }
{ cat; echo '//'; ls -1t outputs; } | awk -v most="$2" -v most_one="$3" -v most_all="$4" '
  $0 == "/" || $0 == "//" { part++; next }
  part == 0 { wanted[$0] = 1; show($0); next }
  part == 1 { stage[$0] = length($0); next }
  shown < most && !($0 in wanted) && is_of_stage(substr($0, 34)) { show($0) }
  END { print is_cut ? "= cut" : "= end" }

  function is_of_stage(name,    one) {
    for (one in stage) if (substr(name, 1, stage[one] + 1) == one "-") return 1
    return 0
  }
  function show(id,    folder, text, line, size, marker, result, state) {
    if (id !~ /^[0-9a-z]+-[A-Za-z0-9._+-]+$/ || bytes > most_all) { is_cut = bytes > most_all; return }
    folder = "outputs/" id "/repx/"
    while ((getline line <(folder "job.json")) > 0) {
      size += length(line)
      if (size > most_one) break
      text = text line
    }
    close(folder "job.json")
    if (text == "" || size > most_one || index(text, "\t")) return
    marker = has(folder "SUCCESS") ? "succeeded" : has(folder "FAIL") ? "failed" : "unfinished"
    if ((getline result <(folder "result.json")) <= 0 || length(result) > 2000 || index(result, "\t")) result = ""
    close(folder "result.json")
    if (marker != "succeeded") state = find_state(substr(text, 1, 1000))
    shown++
    bytes += size
    print id "\t" marker "\t" state "\t" result "\t" text
  }
  function has(path,    line, found) { found = (getline line <path) >= 0; close(path); return found }
  # What the relay of the attempt made of it: the ids of its events are <slurm id>.<restarts>.<STATE>.
  function find_state(text,    submission, slurm, restarts) {
    submission = field(text, "\"submission\":\"[a-z0-9]+"); slurm = field(text, "\"slurmId\":\"[0-9_]+")
    restarts = field(text, "\"restarts\":[0-9]+")
    if (submission == "" || slurm == "" || restarts == "") return ""
    load(submission)
    return ends[submission " " slurm "." restarts]
  }
  function field(text, pattern,    found) {
    if (!match(text, pattern)) return ""
    found = substr(text, RSTART, RLENGTH); sub(/^"[A-Za-z]+":"?/, "", found)
    return found
  }
  function load(submission,    path, line, f) {
    if (submission in loaded) return
    loaded[submission] = 1
    path = "submissions/" submission "/relay/reported"
    while ((getline line <path) > 0) {
      split(line, f, ".")
      if (f[3] ~ /^[A-Z_]+$/ && f[3] !~ /^(PENDING|RUNNING|REQUEUED)$/) ends[submission " " f[1] "." f[2]] = f[3]
    }
    close(path)
  }'
`;

const Attempt = z.object({ startedAt: z.iso.datetime() });
const JobDocument = z.object({ attempt: Attempt, job: JobIdentity });
const ResultLine = z.object({ endedAt: z.iso.datetime() });

/** Reads records in one command: of these jobs, and of the newest of these stages. What is no record of ours is passed over. */
export async function readEarlierJobs(
  transport: Transport,
  basePath: string,
  wanted: { readonly jobs: readonly JobId[]; readonly stages: readonly string[] },
): Promise<readonly EarlierJob[]> {
  const chunks: Uint8Array[] = [];
  const bounds = [MOST_RECORDS, MOST_RECORD_BYTES, MOST_BYTES].map(String);
  await runChecked(transport, {
    argv: ["sh", "-c", READ_RECORDS, "read-records", basePath, ...bounds],
    stdin: [...wanted.jobs, "/", ...wanted.stages, ""].join("\n"),
    onStdout: (chunk) => void chunks.push(chunk),
    deadlineSeconds: 300,
  });
  const lines = Buffer.concat(chunks).toString("utf8").split("\n");
  return lines.flatMap((line) => parseEarlierJob(line) ?? []);
}

/** Parses a line; undefined for one that is no record, of another version perhaps. */
export function parseEarlierJob(line: string): EarlierJob | undefined {
  const [id, end, state = "", result = "", text = ""] = line.split("\t");
  const document = JobDocument.safeParse(parseJson(text)).data;
  if (document === undefined || document.job.id !== id) return undefined;
  if (end !== "succeeded" && end !== "failed" && end !== "unfinished") return undefined;
  // Its first line ends with `"outputs":[`, of which the rest is left out.
  const ended = ResultLine.safeParse(parseJson(`${result.trimEnd()}]}`)).data;
  return {
    ...document.job,
    end,
    ...(/^[A-Z_]+$/.test(state) ? { state } : {}),
    at: ended?.endedAt ?? document.attempt.startedAt,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A record that was cut off when the disk was full.
    return undefined;
  }
}
