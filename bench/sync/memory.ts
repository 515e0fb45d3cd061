// How much memory a push of 1 GiB takes, in its own process and in those that serve it at the target.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readPidFile } from "../../test/harness/process.ts";
import { orderPush, startEmpty } from "./contenders.ts";
import type { Stand } from "./stand.ts";
import type { TreeSet } from "./store-trees.ts";

const SAMPLE_MS = 50;
const PAGE_BYTES = 4096;

/** The most that was resident at one time. */
export interface Peak {
  readonly clientBytes: number;
  /** Of all processes of the sessions together: what they share counts for each. */
  readonly targetBytes: number;
}

/** Pushes a set from a process that has done nothing else. */
export async function measureMemory(stand: Stand, set: TreeSet): Promise<Peak> {
  const before = startEmpty(stand);
  const folder = await before.prepare();
  try {
    const server = await readPidFile(join(stand.serverFolder, "sshd.pid"));
    if (server === undefined) throw new Error("sshd is not there");
    await using engine = await stand.startEngine();
    const stop = new AbortController();
    const watching = watchSessions(server, stop.signal);
    const pushing = engine.runPush(orderPush(stand, await stand.openRoute("loopback"), set, folder));
    const { peakBytes } = await pushing.finally(() => stop.abort());
    return { clientBytes: peakBytes, targetBytes: await watching };
  } finally {
    await before.finish(folder);
  }
}

async function watchSessions(server: number, signal: AbortSignal): Promise<number> {
  let peakBytes = 0;
  while (!signal.aborted) {
    peakBytes = Math.max(peakBytes, await sumResident(server));
    await sleep(SAMPLE_MS);
  }
  return peakBytes;
}

/** Of everything below a process, without itself. */
async function sumResident(pid: number): Promise<number> {
  const children = (await readProcessFile(pid, `task/${pid}/children`)).split(" ").map(Number);
  const sizes = await Promise.all(
    children
      .filter((child) => child > 0)
      .map(async (child) => {
        const pages = Number((await readProcessFile(child, "statm")).split(" ")[1] ?? 0);
        return pages * PAGE_BYTES + (await sumResident(child));
      }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function readProcessFile(pid: number, name: string): Promise<string> {
  // A process that has just ended has no memory.
  return readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
}
