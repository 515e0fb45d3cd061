import { fileURLToPath } from "node:url";
import { openHost } from "./host.ts";
import { run } from "./run.ts";
import { stopWith } from "./stop.ts";

const host = openHost();
// A runner cancels with SIGINT, then SIGTERM: what was started is ended on exit, and `post` does what `on-cancel` says.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.on("unhandledRejection", (error) => void stopWith(host, error));
try {
  await run(host, fileURLToPath(new URL("./target", import.meta.url)));
} catch (error) {
  await stopWith(host, error);
}
// Missing where the step was interrupted: what it had begun is then for `post`.
host.saveState("ended", "true");
// Connections that fetch() keeps for reuse would hold the runner for some seconds more.
process.exit();
