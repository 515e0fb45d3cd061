// Events a second that one submission takes, beside a route on the same workerd that does nothing.
import { join } from "node:path";
import { median } from "../../scripts/measure.ts";
import { renderEvent, type CoordinatorStand, type Receipt } from "../../test/coordinator/coordinator-stand.ts";
import { openEventSender, type EventSender } from "../../test/coordinator/event-sender.ts";
import { startCoordinatorProcess } from "../../test/harness/coordinator-process.ts";
import { startScratchFolder } from "../../test/harness/scratch-folder.ts";

const ROUNDS = 7;
const ROUND_SECONDS = 2;
const CONNECTIONS = 8;
const JOBS = 1000;
const BATCH = 100;

/** Medians of the rounds: so many a second, and ratios within a round. */
export interface Throughput {
  /** Requests to the route that does nothing. */
  readonly empty: number;
  /** Events that come alone. */
  readonly single: number;
  /** Events that come a hundred at once. */
  readonly batched: number;
  readonly singleToEmpty: number;
  readonly batchedToSingle: number;
}

/** Measures the three in turns, so that a busy machine slows them alike. */
export async function measureThroughput(stand: CoordinatorStand): Promise<Throughput> {
  await using folder = await startScratchFolder();
  const config = join(import.meta.dirname, "empty-route.jsonc");
  await using empty = await startCoordinatorProcess({ folder: folder.path, config });
  await using idle = openEventSender(empty.url, CONNECTIONS);
  await using sender = openEventSender(stand.coordinator.url, CONNECTIONS);
  const receipt = await stand.registerRuns(await stand.openPullRequest("throughput"), {
    simulation: Array.from({ length: JOBS }, (_, nth) => nth),
  });
  const next = countEvents();
  const rounds: { readonly empty: number; readonly single: number; readonly batched: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({
      empty: await measureRate(async () => postEmpty(idle)),
      single: await measureRate(async () => sendEvents(sender, receipt, [next()])),
      batched: await measureRate(async () => sendEvents(sender, receipt, Array.from({ length: BATCH }, next))),
    });
  }
  return {
    empty: median(rounds.map(({ empty: rate }) => rate)),
    single: median(rounds.map(({ single }) => single)),
    batched: median(rounds.map(({ batched }) => batched)),
    singleToEmpty: median(rounds.map(({ single, empty: rate }) => single / rate)),
    batchedToSingle: median(rounds.map(({ single, batched }) => batched / single)),
  };
}

/** Every event is new, and most change their job: each attempt of each job begins. */
function countEvents(): () => string {
  let count = 0;
  return () => {
    const [nth, attempt] = [count % JOBS, 1 + Math.floor(count / JOBS)];
    count += 1;
    return JSON.stringify(renderEvent(nth, "RUNNING", { id: `${nth}.${attempt}.RUNNING`, attempt }));
  };
}

async function postEmpty(sender: EventSender): Promise<number> {
  const { status } = await sender.post("/empty", "none", JSON.stringify(renderEvent(1, "RUNNING")));
  if (status !== 200) throw new Error(`the empty route answered ${status}`);
  return 1;
}

async function sendEvents(sender: EventSender, receipt: Receipt, lines: readonly string[]): Promise<number> {
  const { status, body } = await sender.send(receipt, lines);
  if (status !== 200 || body["accepted"] !== lines.length) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return lines.length;
}

/** Keeps all connections busy for one round, and answers with what was done a second. */
async function measureRate(work: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const until = startedAt + ROUND_SECONDS * 1000;
  let done = 0;
  const repeat = async () => {
    while (performance.now() < until) {
      // In two steps: `done += await ...` would add to what `done` was before the wait.
      const count = await work();
      done += count;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, repeat));
  return (done * 1000) / (performance.now() - startedAt);
}
