import type { Receipt } from "../coordinator/coordinator-stand.ts";
import type { BoardStand } from "./board-stand.ts";
import { listEvents, listStudy } from "./sample-jobs.ts";

/** How long the server took for a page, and how large it is. */
export interface PageCost {
  readonly path: string;
  /** The median over the requests, as a client on the same machine sees it: to the last byte. */
  readonly medianMs: number;
  readonly slowestMs: number;
  readonly bytes: number;
}

/** Registers a submission of 10,000 jobs whose half has ended. */
export async function registerLargeSubmission(board: BoardStand): Promise<Receipt> {
  const walks = 4999;
  const receipt = await board.register(listStudy(walks));
  const events = Array.from({ length: walks }, (_, index) => listEvents(index + 1, walks)).flat();
  for (let at = 0; at < events.length; at += 500) await board.report(receipt, events.slice(at, at + 500));
  return receipt;
}

/** Asks for a page again and again, after one request that does not count. */
export async function measurePage(board: BoardStand, path: string, times = 15): Promise<PageCost> {
  const read = async (): Promise<{ ms: number; bytes: number }> => {
    const startedAt = performance.now();
    const answer = await fetch(`${board.url}${path}`, {
      headers: { accept: "text/html", cookie: board.cookie },
      redirect: "manual",
    });
    const bytes = (await answer.arrayBuffer()).byteLength;
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
    return { ms: performance.now() - startedAt, bytes };
  };
  await read();
  const all: { ms: number; bytes: number }[] = [];
  for (let count = 0; count < times; count += 1) all.push(await read());
  const sorted = all.map(({ ms }) => ms).toSorted((left, right) => left - right);
  return {
    path,
    medianMs: sorted[Math.floor(times / 2)] ?? 0,
    slowestMs: sorted.at(-1) ?? 0,
    bytes: Math.max(...all.map(({ bytes }) => bytes)),
  };
}
