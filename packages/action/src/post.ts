import { fileURLToPath } from "node:url";
import { openHost } from "./host.ts";
import { readLeftover, settleLeftover } from "./leftover.ts";
import { readInputs } from "./inputs.ts";
import { readRoute } from "./route.ts";
import { stopWith } from "./stop.ts";

// The step was interrupted, or the workflow was cancelled after it: what is left of a submission is taken back or kept.
const host = openHost();
try {
  const leftover = readLeftover(host);
  if (leftover !== undefined) {
    host.addMask(leftover.token);
    const inputs = readInputs(host);
    const route = readRoute(host, inputs, fileURLToPath(new URL("./target", import.meta.url)));
    await settleLeftover({ host, inputs, route }, leftover);
  }
} catch (error) {
  await stopWith(host, error);
}
process.exit();
