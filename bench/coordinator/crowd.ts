// What GitHub has to bear: ten thousand jobs of one run that end within a minute, and 120 runs that end at once.
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { renderEvent, startCoordinatorStand, type CoordinatorStand } from "../../test/coordinator/coordinator-stand.ts";
import { openEventSender } from "../../test/coordinator/event-sender.ts";
import type { PullRequest } from "../../test/harness/github-emulator.ts";
import { waitUntil } from "../../test/harness/wait-until.ts";

const JOBS = 10_000;
const SWEEP_SECONDS = 60;
const BATCH = 100;
const RUNS = 120;
/** Creating 120 checks at 80 a minute takes two, and a limit that was met costs another. */
const TIMEOUT_SECONDS = 420;

const View = z.object({ runs: z.array(z.object({ counts: z.record(z.string(), z.number()) })) });

/** How the ten thousand came through. */
export interface Sweep {
  readonly lost: number;
  /** Requests to GitHub from the registration on, tokens too. */
  readonly calls: number;
  /** Those of them that update the check. */
  readonly updates: number;
  /** From the last event to the check's conclusion. */
  readonly tellSeconds: number;
}

/** Ends ten thousand jobs of one run evenly within a minute. */
export async function measureSweep(stand: CoordinatorStand): Promise<Sweep> {
  const pullRequest = await stand.openPullRequest("sweep");
  await using sender = openEventSender(stand.coordinator.url, 2);
  const jobs = Array.from({ length: JOBS }, (_, nth) => nth);
  const receipt = await stand.registerRuns(pullRequest, { simulation: jobs });
  const callsBefore = stand.proxy.calls.length;
  const startedAt = performance.now();
  for (let first = 0; first < JOBS; first += BATCH) {
    const lines = jobs.slice(first, first + BATCH).map((nth) => JSON.stringify(renderEvent(nth, "COMPLETED")));
    const { status, body } = await sender.send(receipt, lines);
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    const dueAt = startedAt + ((first + BATCH) / JOBS) * SWEEP_SECONDS * 1000;
    await sleep(Math.max(1, dueAt - performance.now()));
  }
  const endedAt = performance.now();
  await waitForEnd(stand, pullRequest);
  const tellSeconds = (performance.now() - endedAt) / 1000;
  const view = View.parse((await stand.send("GET", `/api/submissions/${receipt.id}`, receipt.token)).body);
  const kept = view.runs[0]?.counts["succeeded"] ?? 0;
  const calls = stand.proxy.calls.slice(callsBefore);
  const updates = calls.filter(({ method, path }) => method === "PATCH" && path.includes("/check-runs/"));
  return { lost: JOBS - kept, calls: calls.length, updates: updates.length, tellSeconds };
}

/** How 120 runs of one pull request came through. */
export interface Burst {
  /** Refusals of the limiter after the first, which nobody can know before. */
  readonly refused: number;
  readonly calls: number;
  readonly seconds: number;
}

/** Ends all runs of a pull request by one request, right after their registration; GitHub and its limits are new. */
export async function measureBurst(): Promise<Burst> {
  await using stand = await startCoordinatorStand();
  const pullRequest = await stand.openPullRequest("burst");
  const runs = Array.from({ length: RUNS }, (_, nth) => [`run-${nth}`, [nth]] as const);
  const receipt = await stand.registerRuns(pullRequest, Object.fromEntries(runs));
  const startedAt = performance.now();
  const { body } = await stand.report(
    receipt,
    runs.map(([, [nth]]) => renderEvent(nth, "COMPLETED")),
  );
  if (body["accepted"] !== RUNS) throw new Error(JSON.stringify(body));
  await waitForEnd(stand, pullRequest);
  const { refused } = stand.proxy.counts;
  const seconds = (performance.now() - startedAt) / 1000;
  return { refused: Math.max(0, refused - 1), calls: stand.proxy.calls.length, seconds };
}

/** The comment is written last: when it is there, GitHub was told everything. */
async function waitForEnd({ github }: CoordinatorStand, { number, headSha }: PullRequest): Promise<void> {
  const wait = { what: "the comment, and every check to be concluded", timeoutSeconds: TIMEOUT_SECONDS };
  await waitUntil({ ...wait, intervalMs: 200 }, async () => {
    const [comments, checks] = [await github.readComments(number), await github.readCheckRuns(headSha)];
    return comments.length > 0 && checks.every(({ status }) => status === "completed");
  });
}
