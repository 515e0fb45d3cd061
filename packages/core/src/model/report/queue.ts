// What queued jobs wait for, as far as the relay told it.
import type { JobId } from "../ids.ts";
import { isFinal } from "../job-state.ts";
import { recordOf, type RunRecords } from "../submission.ts";
import { renderTime } from "./quantities.ts";

/** How the queued jobs of a run wait. */
export interface Waiting {
  readonly queued: number;
  /** Those that wait for no other job. */
  readonly ready: number;
  /** SLURM's reasons, the most frequent first; of the whole submission, for SLURM is asked by that. */
  readonly reasons: readonly string[];
  /** When the first of them is expected to start. */
  readonly startsAt: string | undefined;
}

const MOST_REASONS = 2;

/** Reads how the queued jobs among these wait. */
export function readWaiting(submission: RunRecords, jobs: readonly JobId[]): Waiting {
  const queued = jobs.filter((id) => recordOf(submission, id).state === "queued");
  const ready = queued.filter((id) =>
    (submission.jobs?.get(id)?.dependsOn ?? []).every((upstream) => isFinal(recordOf(submission, upstream).state)),
  );
  const told = { queued: queued.length, ready: ready.length };
  // What was told before the silence may be long past.
  if (ready.length === 0 || submission.silence !== undefined) return { ...told, reasons: [], startsAt: undefined };
  const lines = submission.queue?.lines.filter(({ reason }) => reason !== "Dependency") ?? [];
  const reasons = lines.toSorted((left, right) => right.jobs - left.jobs).flatMap(({ reason }) => readWord(reason));
  const starts = lines.flatMap(({ startsAt }) => startsAt ?? []).filter((at) => at > (submission.queue?.at ?? ""));
  return { ...told, reasons: [...new Set(reasons)].slice(0, MOST_REASONS), startsAt: starts.toSorted()[0] };
}

/** Reasons may carry a list of nodes: `ReqNodeNotAvail, UnavailableNodes:n[1-9]`. */
function readWord(reason: string): string[] {
  return [/^[A-Za-z0-9_]+/.exec(reason)?.[0] ?? []].flat();
}

/** Says how queued jobs wait, as a title does. */
export function renderWaiting(submission: RunRecords, waiting: Waiting, total: string): string {
  const { queued, ready, reasons, startsAt } = waiting;
  if (ready === 0 && queued > 0) return `${queued} of ${total} ${chooseVerb(queued)} for other jobs`;
  if (reasons.length === 0) return `${queued} of ${total}`;
  const start = startsAt === undefined ? "" : `, start expected ${renderTime(roundUp(startsAt), submission.queue?.at)}`;
  return `${ready} of ${total} ${chooseVerb(ready)} for ${reasons.join(" or ")}${start}`;
}

function chooseVerb(jobs: number): string {
  return jobs === 1 ? "waits" : "wait";
}

/** Rounds a time up to five minutes: SLURM's guess moves at every look, and a check is not written anew for that. */
export function roundUp(at: string): string {
  const [day = "", clock = ""] = at.split("T");
  const [hour = 0, minute = 0, second = 0] = clock.replace(/Z$/, "").split(":").map(Number);
  // Not into the next day, for the sake of a few minutes.
  const minutes = Math.min(24 * 60 - 1, Math.ceil((hour * 60 + minute + second / 60) / 5) * 5);
  const digits = [Math.floor(minutes / 60), minutes % 60].map((number) => String(number).padStart(2, "0"));
  return `${day}T${digits.join(":")}:00Z`;
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["Priority", "other jobs are ahead in the queue"],
  ["Resources", "next in the queue, no node is free yet"],
  ["BeginTime", "may not begin before a set time; so does a requeued job, for some minutes"],
  ["ReqNodeNotAvail", "a node that it needs is down, drained or reserved"],
  ["PartitionDown", "the partition is down"],
  ["PartitionTimeLimit", "asks for more time than the partition gives; it will never start"],
  ["Licenses", "no licence is free"],
  ["Reservation", "waits for a reservation"],
  ["JobHeldUser", "held by its user; somebody has to release it"],
  ["JobHeldAdmin", "held by an administrator, who has to release it"],
  ["BadConstraints", "no node has what it asks for; it will never start"],
  ["JobArrayTaskLimit", "as many of its array run as may at once"],
]);

/** Says in plain words what SLURM's reason means; nothing where we do not know. */
export function explainReason(reason: string): string | undefined {
  const known = MEANINGS.get(reason);
  if (known !== undefined) return known;
  if (/^(?:QOS|Assoc)(?:Grp|Max)/.test(reason)) return "a limit of the account or QOS is reached";
  return undefined;
}
