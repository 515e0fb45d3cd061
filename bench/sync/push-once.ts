// One push in a process of its own: reads an order on stdin, prints what it took.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { PushOrder, runPush } from "./push-order.ts";

/** Not getrusage's figure: that one counts what the parent had when it started this process. */
async function readPeakBytes(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8");
  return Number(/^VmHWM:\s+(?<size>\d+) kB$/m.exec(status)?.groups?.["size"]) * 1024;
}

const pushed = await runPush(PushOrder.parse(JSON.parse(await text(process.stdin))));
process.stdout.write(`${JSON.stringify({ ...pushed, peakBytes: await readPeakBytes() })}\n`);
