// A job's log, from `outputs/<job>/repx`; following it is one long remote command that ends when the job has ended.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RepxError } from "../../model/errors.ts";
import { JobId, SubmissionId } from "../../model/ids.ts";
import { isFinal } from "../../model/job-state.ts";
import { runChecked, type Transport } from "../../target/transport/transport.ts";
import { keepTrying } from "./keep-trying.ts";
import { FOLLOW_LOG, LIST_ATTEMPTS, READ_LOG } from "./log-script.ts";
import { openWatch, type SubmissionWatch } from "./open-watch.ts";

/** A job's attempts on a target. */
export interface JobAttempts {
  readonly job: JobId;
  /** The number of its last attempt; 0 for a job that has not begun. */
  readonly last: number;
  /** `SUCCESS` or `FAIL` once the last attempt has left its marker. */
  readonly marker?: "SUCCESS" | "FAIL";
  /** The newest one that has handed it over. */
  readonly submission?: SubmissionId;
}

/** Which part of which log. */
export interface LogRequest {
  readonly basePath: string;
  readonly job: JobId;
  readonly file: "stdout.log" | "stderr.log";
  /** An earlier attempt, by its number; the last one when not given. */
  readonly earlier?: number;
  /** Of the end; all when not given. */
  readonly lines?: number;
}

/** Finds the job that an id's beginning means, among those that are or were on a target. LAB_JOB_UNKNOWN, LAB_JOB_AMBIGUOUS. */
export async function findJob(transport: Transport, basePath: string, beginning: string): Promise<JobAttempts> {
  const mark = randomUUID();
  const argv = ["sh", "-c", LIST_ATTEMPTS, "log", basePath, mark, beginning];
  const { stdout } = await runChecked(transport, { argv, deadlineSeconds: 120 });
  const rows = stdout.split("\n").flatMap((line): JobAttempts[] => {
    const [word, id, last, marker, newest] = line.split(" ");
    const job = JobId.safeParse(id);
    if (word !== mark || !job.success) return [];
    const submission = SubmissionId.safeParse(newest).data;
    return [
      {
        job: job.data,
        last: Number(last),
        ...(marker === "SUCCESS" || marker === "FAIL" ? { marker } : {}),
        ...(submission === undefined ? {} : { submission }),
      },
    ];
  });
  const [only, ...others] = rows;
  if (only === undefined) {
    throw new RepxError("LAB_JOB_UNKNOWN", `no job on the target begins with ${beginning}`, {
      hint: "`repx status` lists the jobs of a submission; name another target with --target.",
    });
  }
  if (others.length > 0) {
    throw new RepxError("LAB_JOB_AMBIGUOUS", `${rows.length} jobs on the target begin with ${beginning}`, {
      hint: `Write more characters: ${rows
        .slice(0, 5)
        .map(({ job }) => job)
        .join(", ")}.`,
    });
  }
  return only;
}

/** Sends a log, or its end, to `onText`. */
export async function readLog(
  transport: Transport,
  request: LogRequest,
  onText: (chunk: Uint8Array) => void,
): Promise<void> {
  const { basePath, job, file, earlier, lines } = request;
  const argv = [
    basePath,
    job,
    file,
    earlier === undefined ? "" : String(earlier),
    lines === undefined ? "" : String(lines),
  ];
  const plain = openMarked(onText);
  await runChecked(transport, {
    argv: ["sh", "-c", READ_LOG, "log", plain.mark, ...argv],
    onStdout: plain.add,
    deadlineSeconds: 24 * 3600,
  });
}

/** What is followed: the attempts of one submission, or whatever there is of a job that none has handed over. */
export type FollowRequest = Omit<LogRequest, "earlier"> & { readonly submission?: SubmissionId };

/**
 * Follows the log of a job's last attempt until the job has ended: by its marker, or by what its submission's state says, for
 * what was killed or never begins leaves no marker. When the connection is lost it goes on where it was, as long as the target
 * can be reached again.
 */
export async function followLog(
  transport: Transport,
  request: FollowRequest,
  onText: (chunk: Uint8Array) => void,
): Promise<void> {
  const { basePath, job, file, lines, submission } = request;
  const watch = submission === undefined ? undefined : openWatch(transport, basePath, submission);
  let next: number | undefined;
  await keepTrying(async (noteProgress) => {
    const plain = openMarked(onText, next);
    const from = next === undefined ? `-${lines ?? ""}` : `+${next}`;
    const stopping = new AbortController();
    try {
      await runChecked(transport, {
        argv: ["sh", "-c", FOLLOW_LOG, "log", plain.mark, basePath, job, file, from, submission ?? ""],
        // Open as long as somebody reads: its end tells the target that nobody does.
        stdin: emptyUntil(hasEnded(watch, job, stopping.signal)),
        onStdout: (chunk) => {
          noteProgress();
          return plain.add(chunk);
        },
        deadlineSeconds: 7 * 24 * 3600,
      });
    } finally {
      stopping.abort();
      next = plain.next();
    }
  });
}

const FIRST_LOOK_MS = 5000;
const EVERY_LOOK_MS = 15_000;
/** What was written last has to come. */
const LAST_WORDS_MS = 4000;

/** Settles some seconds after the job has ended as its submission sees it; never where there is none. */
async function hasEnded(watch: SubmissionWatch | undefined, job: JobId, signal: AbortSignal): Promise<void> {
  if (watch === undefined) return new Promise(() => {});
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = EVERY_LOOK_MS) {
    await sleep(pauseMs, undefined, { signal, ref: false });
    // A connection that is lost is told by the command that reads.
    const status = await watch.look().catch(() => undefined);
    if (isFinal(status?.records.get(job)?.state ?? "queued")) break;
  }
  await sleep(LAST_WORDS_MS, undefined, { signal, ref: false });
}

/** Keeps back what a login prints before the mark, `<mark> <offset>` and the end of that line; then counts bytes. */
function openMarked(
  onText: (chunk: Uint8Array) => void,
  known?: number,
): { readonly mark: string; readonly add: (chunk: Uint8Array) => void; readonly next: () => number | undefined } {
  const mark = randomUUID();
  let head = Buffer.alloc(0);
  let next: number | undefined;
  const take = (chunk: Uint8Array): void => {
    if (next === undefined || chunk.length === 0) return;
    next += chunk.length;
    onText(chunk);
  };
  return {
    mark,
    next: () => next ?? known,
    add(chunk) {
      if (next !== undefined) return take(chunk);
      head = Buffer.concat([head, chunk]);
      const at = head.indexOf(mark);
      const end = at === -1 ? -1 : head.indexOf(10, at);
      if (end === -1) return undefined;
      next = Number(head.toString("utf8", at + mark.length + 1, end));
      return take(head.subarray(end + 1));
    },
  };
}

async function* emptyUntil(end: Promise<void>): AsyncGenerator<Uint8Array> {
  // Stopped: then nobody asks for more.
  await end.catch(() => {});
  yield new Uint8Array();
}
