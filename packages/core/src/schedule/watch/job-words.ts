// What jobs left that a report shows: the last lines of a log, and the numbers. One command for any number of jobs.
import { randomUUID } from "node:crypto";
import { JobId } from "../../model/ids.ts";
import { LOG_TAIL_LENGTH, METRICS_LENGTH } from "../../model/protocol.ts";
import { runChecked, type Transport } from "../../target/transport/transport.ts";
import { splitAnswer } from "./parse-look.ts";

/** What a job left, in the fields of its record. */
export interface JobWords {
  readonly logTail?: string;
  readonly metricsText?: string;
}

/** Whose logs and whose numbers are wanted. */
export interface WantedWords {
  readonly logs: readonly JobId[];
  readonly metrics: readonly JobId[];
}

/** A report shows fewer; the rest is on the target. */
const MOST_LOGS = 200;
const MOST_METRICS = 2000;
const LOG_BYTES = 8000;
const LOG_LINES = 40;

// Words: base path, mark; `log <job>` and `metrics <job>` on standard input. As the relay does: stderr, or stdout where that is empty.
const READ_WORDS = `
set -u
base=$1 mark=$2
while read -r what job; do
  case $what in
    log)
      file=$base/outputs/$job/repx/stderr.log
      [ -s "$file" ] || file=$base/outputs/$job/repx/stdout.log
      [ -s "$file" ] || continue
      echo "$mark log $job"
      tail -c ${LOG_BYTES} "$file" | tail -n ${LOG_LINES}
      ;;
    metrics)
      file=$base/outputs/$job/out/metrics.json
      [ -f "$file" ] && [ "$(wc -c <"$file")" -le ${METRICS_LENGTH} ] || continue
      echo "$mark metrics $job"
      cat "$file"
      ;;
  esac
  echo
done
echo "$mark end"
`;

/** Reads what jobs left; a job that left nothing is not in the answer. */
export async function readJobWords(
  transport: Transport,
  basePath: string,
  { logs, metrics }: WantedWords,
): Promise<Map<JobId, JobWords>> {
  const wanted = [
    ...logs.slice(0, MOST_LOGS).map((job) => `log ${job}\n`),
    ...metrics.slice(0, MOST_METRICS).map((job) => `metrics ${job}\n`),
  ];
  const words = new Map<JobId, JobWords>();
  if (wanted.length === 0) return words;
  const mark = randomUUID();
  const chunks: Uint8Array[] = [];
  await runChecked(transport, {
    argv: ["sh", "-c", READ_WORDS, "words", basePath, mark],
    stdin: wanted.join(""),
    onStdout: (chunk) => void chunks.push(chunk),
    deadlineSeconds: 120,
  });
  for (const { word, value, body } of splitAnswer(Buffer.concat(chunks), mark)) {
    const job = JobId.safeParse(value);
    if (!job.success) continue;
    const text = body.toString("utf8").replace(/\n$/, "");
    const known = words.get(job.data) ?? {};
    if (word === "log") words.set(job.data, { ...known, logTail: text.slice(-LOG_TAIL_LENGTH) });
    if (word === "metrics") words.set(job.data, { ...known, metricsText: text.trimEnd() });
  }
  return words;
}
