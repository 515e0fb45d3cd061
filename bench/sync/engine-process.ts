// repx as it is shipped, in a process of its own: takes orders over the parent's channel, one at a time.
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { connect, PushOrder, runPush } from "./push-order.ts";

const Request = z.object({ act: z.enum(["connect", "push"]), order: PushOrder });

/** Not getrusage's figure: that one counts what the parent had when it started this process. */
async function readPeakBytes(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8");
  return Number(/^VmHWM:\s+(?<size>\d+) kB$/m.exec(status)?.groups?.["size"]) * 1024;
}

async function answer(message: unknown): Promise<unknown> {
  const { act, order } = Request.parse(message);
  if (act === "push") return { ...(await runPush(order)), peakBytes: await readPeakBytes() };
  await using transport = await connect(order);
  return { description: transport.description };
}

process.on("message", (message) => {
  void answer(message)
    .catch((error: unknown) => ({ failure: String(error) }))
    .then((result) => process.send?.(result));
});
