import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import type { PullRequest } from "../harness/github-emulator.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type CoordinatorStand, jobId, type Receipt, startCoordinatorStand } from "./coordinator-stand.ts";
import { type EventSender, openEventSender } from "./event-sender.ts";
import { createRandom, planSoak, type SoakPlan } from "./soak-plan.ts";

const SUBMISSIONS = 20;
const JOBS = 2500;
const BATCH = 250;
const KILLS = 20;
const SENDERS = 4;
const TIMEOUT_SECONDS = 600;

interface Soaked {
  readonly pullRequest: PullRequest;
  readonly receipt: Receipt;
  readonly plan: SoakPlan;
  /** As the answers say. */
  readonly counts: { accepted: number; duplicates: number; rejected: number; resent: number };
}

const Counted = z.object({ accepted: z.int(), duplicates: z.int(), rejected: z.array(z.unknown()) });
const View = z.object({
  isConcluded: z.boolean(),
  jobs: z.array(z.object({ id: z.string(), state: z.string(), attempt: z.int() })),
});

/** Sends a batch until it is answered with 2xx, as the relay does; how often it was not is what was lost on the way. */
async function deliver(sender: EventSender, { receipt, counts }: Soaked, lines: readonly string[]): Promise<void> {
  for (;;) {
    const sent = await sender.send(receipt, lines).catch(() => undefined);
    if (sent !== undefined && sent.status >= 200 && sent.status < 300) {
      const { accepted, duplicates, rejected } = Counted.parse(sent.body);
      counts.accepted += accepted;
      counts.duplicates += duplicates;
      counts.rejected += rejected.length;
      return;
    }
    // No answer, or one from wrangler's own proxy while workerd is gone.
    if (sent !== undefined && sent.status < 500) throw new Error(`refused: ${JSON.stringify(sent)}`);
    counts.resent += lines.length;
    await sleep(100);
  }
}

/** Sends every batch of every submission, of all of them side by side, by few senders. */
async function deliverAll(stand: CoordinatorStand, all: readonly Soaked[], onBatch: () => void): Promise<void> {
  await using sender = openEventSender(stand.coordinator.url, SENDERS);
  const batches = all
    .flatMap((one) =>
      Array.from({ length: Math.ceil(one.plan.lines.length / BATCH) }, (_, nth) => ({
        one,
        nth,
        lines: one.plan.lines.slice(nth * BATCH, (nth + 1) * BATCH),
      })),
    )
    .toSorted((left, right) => left.nth - right.nth);
  const repeat = async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      await deliver(sender, batch.one, batch.lines);
      onBatch();
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, repeat));
}

/** Kills workerd's whole tree in the middle of the deliveries: at so many places, each a random share of the way. */
async function killAgainAndAgain(stand: CoordinatorStand, random: () => number, readShare: () => number) {
  const shares = Array.from({ length: KILLS }, () => random() * 0.95).toSorted((left, right) => left - right);
  for (const share of shares) {
    await waitUntil(
      { what: `${share} of the batches`, timeoutSeconds: TIMEOUT_SECONDS, intervalMs: 2 },
      async () => readShare() >= share,
    );
    // In the middle of a batch, not between two.
    await sleep(random() * 30);
    await stand.coordinator.kill9();
    await stand.coordinator.restart();
  }
}

async function prepare(stand: CoordinatorStand, random: () => number): Promise<Soaked[]> {
  const all: Soaked[] = [];
  for (let nth = 0; nth < SUBMISSIONS; nth += 1) {
    const pullRequest = await stand.openPullRequest(`soak-${nth}`);
    const receipt = await stand.registerRuns(pullRequest, {
      simulation: Array.from({ length: JOBS }, (_, job) => job),
    });
    const plan = planSoak(random, { jobs: JOBS, duplicates: 0.05, misplaced: 0.05 });
    all.push({ pullRequest, receipt, plan, counts: { accepted: 0, duplicates: 0, rejected: 0, resent: 0 } });
  }
  return all;
}

async function expectKept(stand: CoordinatorStand, { receipt, plan, counts }: Soaked): Promise<void> {
  const view = View.parse((await stand.send("GET", `/api/submissions/${receipt.id}`, receipt.token)).body);
  const wanted = plan.endings.map((state, nth) => ({ id: jobId(nth), state, attempt: 1 }));
  expect(view.isConcluded).toBe(true);
  expect(view.jobs.map(({ id, state, attempt }) => ({ id, state, attempt }))).toEqual(wanted);
  expect(counts.rejected).toBe(0);
  expect(counts.accepted + counts.duplicates).toBe(plan.lines.length);
  // What was stored and then not answered counts as a duplicate the second time; nothing is accepted twice.
  expect(counts.accepted).toBeLessThanOrEqual(plan.events);
  expect(plan.events - counts.accepted).toBeLessThanOrEqual(counts.resent);
}

function isTold(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith("repx / simulation: completed failure"));
}

test(
  "keeps each of 100,000 events once, with duplicates, out of order, and killed twenty times",
  { timeout: (TIMEOUT_SECONDS + 120) * 1000 },
  async () => {
    const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
    console.log(`SOAK_SEED=${seed}`);
    onTestFailed(() => console.error(`again: SOAK_SEED=${seed} npx vitest run test/coordinator/soak.test.ts`));
    const random = createRandom(seed);
    await using stand = await startCoordinatorStand({ rules: { limits: { retryAfterSeconds: 5 } } });
    onTestFailed(async () => console.error(await stand.coordinator.readLogs()));
    const all = await prepare(stand, random);
    expect(all.reduce((sum, { plan }) => sum + plan.events, 0)).toBe(100_000);
    const total = all.reduce((sum, { plan }) => sum + Math.ceil(plan.lines.length / BATCH), 0);
    let done = 0;
    const delivering = deliverAll(stand, all, () => (done += 1));
    const [, killed] = await Promise.allSettled([delivering, killAgainAndAgain(stand, random, () => done / total)]);
    expect(killed.status).toBe("fulfilled");
    await delivering;
    expect(all.reduce((sum, { counts }) => sum + counts.resent, 0)).toBeGreaterThan(0);
    for (const one of all) await expectKept(stand, one);
    for (const { pullRequest, plan } of all) {
      const failed = plan.endings.filter((ending) => ending !== "succeeded").length;
      const lines = await stand.waitForChecks(pullRequest, isTold, 180);
      expect(lines).toEqual([expect.stringContaining(`${failed} of ${JOBS}`)]);
    }
    const again = all.slice(0, 3);
    for (const { receipt, plan } of again) {
      const { body } = await stand.send(
        "POST",
        `/api/submissions/${receipt.id}/events`,
        receipt.token,
        plan.lines.slice(0, BATCH).join("\n"),
      );
      expect(body).toMatchObject({ accepted: 0, duplicates: BATCH });
    }
  },
);
