// The answer to a look: sections that begin with a mark which nothing else can contain. Events are found as bytes, since their
// place in the target's file is where the next look goes on.
import { RepxError } from "../../model/errors.ts";
import { JobId, SubmissionId } from "../../model/ids.ts";
import { JobEvent } from "../../model/protocol.ts";
import { SubmissionPlan } from "../submission-plan.ts";

/** What one look at a submission brought. */
export interface Look {
  readonly id: SubmissionId;
  /** Where it was asked for. */
  readonly plan?: SubmissionPlan;
  /** SLURM's id of each job that was handed over, where they were asked for. */
  readonly slurmIds?: ReadonlyMap<JobId, string>;
  readonly scheduler: SchedulerWord;
  /** `broken`: whoever handed the jobs over stopped half-way. */
  readonly handOver: "yes" | "no" | "broken";
  readonly isRelayAlive: boolean;
  /** Kept ones that were not known yet, then those that this look alone has found. */
  readonly events: readonly JobEvent[];
  /** How many more bytes of kept events are known now. */
  readonly readBytes: number;
}

/** Whether the scheduler answered, and of when its word is. */
export interface SchedulerWord {
  readonly isUp: boolean;
  /** Of this look or, when it did not answer, of the last one that it answered; missing when there was none. */
  readonly seenAt?: string;
  /** What its client said. */
  readonly error?: string;
}

/** Splits an answer at its mark: each part is a word, the rest of its line, and the bytes until the next mark. */
export function splitAnswer(answer: Buffer, mark: string): { word: string; value: string; body: Buffer }[] {
  const parts = [];
  for (let at = findMark(answer, mark, 0); at !== -1;) {
    const lineEnd = answer.indexOf(10, at);
    const end = lineEnd === -1 ? answer.length : lineEnd;
    const [word = "", ...rest] = answer.toString("utf8", at + mark.length + 1, end).split(" ");
    const next = findMark(answer, mark, end);
    parts.push({ word, value: rest.join(" "), body: answer.subarray(end + 1, next === -1 ? answer.length : next) });
    at = next;
  }
  return parts;
}

function findMark(answer: Buffer, mark: string, from: number): number {
  for (let at = answer.indexOf(mark, from); at !== -1; at = answer.indexOf(mark, at + 1)) {
    if (at === 0 || answer[at - 1] === 10) return at;
  }
  return -1;
}

/** Reads the parts of one submission, from its `id` on. */
export function readLook(parts: ReturnType<typeof splitAnswer>, where: string): Look {
  const find = (word: string): { value: string; body: Buffer } | undefined => parts.find((part) => part.word === word);
  const id = SubmissionId.safeParse(find("id")?.value);
  if (!id.success || find("end") === undefined) throw refuseAnswer(where);
  const [plan, rows] = [find("plan"), find("rows")];
  const kept = find("events")?.body ?? Buffer.alloc(0);
  // The relay may be in the middle of a line; after the last whole one the script printed an end of line.
  const whole = kept.subarray(0, kept.lastIndexOf(10, -2) + 1);
  return {
    id: id.data,
    ...(plan === undefined ? {} : { plan: parsePlan(plan.body, id.data) }),
    ...(rows === undefined ? {} : { slurmIds: parseRows(rows.body) }),
    scheduler: readScheduler(find),
    handOver: readHandOver(find("handed")?.value),
    isRelayAlive: find("relay")?.value === "alive",
    events: [...parseEvents(whole), ...parseEvents(find("now")?.body ?? Buffer.alloc(0))],
    readBytes: whole.length,
  };
}

function readScheduler(find: (word: string) => { value: string } | undefined): SchedulerWord {
  const [isUp, seen, error] = [find("scheduler")?.value === "up", find("seen")?.value ?? "", find("error")?.value];
  return {
    isUp,
    ...(/^\d{1,12}$/.test(seen) ? { seenAt: new Date(Number(seen) * 1000).toISOString() } : {}),
    ...(error === undefined || error === "" ? {} : { error: error.trim() }),
  };
}

function readHandOver(value: string | undefined): Look["handOver"] {
  return value === "yes" || value === "broken" ? value : "no";
}

function parsePlan(body: Buffer, id: SubmissionId): SubmissionPlan {
  const parsed = SubmissionPlan.safeParse(parseJson(body.toString("utf8")));
  if (parsed.success) return parsed.data;
  throw new RepxError("SUBMISSION_UNREADABLE", `plan.json of submission ${id} on the target is not as it was written`, {
    hint: "It may be of another version of RepX, or the disk was full: see submissions/ under the target's base path.",
    cause: parsed.error,
  });
}

/** A last line may be unfinished while jobs are handed over; it comes with the next look. */
function parseRows(body: Buffer): Map<JobId, string> {
  const rows = new Map<JobId, string>();
  for (const line of body.toString("utf8").split("\n")) {
    const [slurmId = "", job = ""] = line.split("\t");
    const id = JobId.safeParse(job);
    if (id.success && /^[0-9]+_[0-9]+$/.test(slurmId)) rows.set(id.data, slurmId);
  }
  return rows;
}

/** Lines that are no events are passed over: a relay that was killed leaves half of one. */
function parseEvents(body: Buffer): JobEvent[] {
  return body
    .toString("utf8")
    .split("\n")
    .flatMap((line) => (line === "" ? [] : (JobEvent.safeParse(parseJson(line)).data ?? [])));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses undefined.
    return undefined;
  }
}

/** A login that prints nothing of ours, or half of it. */
export function refuseAnswer(where: string): RepxError {
  return new RepxError("SSH_COMMAND_FAILED", `the look at the submission on ${where} ended without a whole answer`, {
    hint: "Try again; if it stays so, check that disk, quota and /tmp there have room.",
  });
}
