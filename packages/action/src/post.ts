import { fileURLToPath } from "node:url";
import { takeBackSubmission } from "@repx/core";
import { SubmissionId } from "@repx/core/model";
import { openHost } from "./host.ts";
import { readInputs } from "./inputs.ts";
import { readRoute } from "./route.ts";
import { stopWith } from "./stop.ts";

// The step was interrupted between registering and the last sbatch: what SLURM has is cancelled, and the checks, which
// would stay queued for ever, are closed.
const host = openHost();
const id = SubmissionId.safeParse(host.readState("submission"));

if (id.success && host.readState("submitted") !== "true") {
  const token = host.readState("token");
  host.addMask(token);
  try {
    const route = readRoute(host, readInputs(host), fileURLToPath(new URL("./target", import.meta.url)));
    const count = await takeBackSubmission(route, { id: id.data, token }, "the workflow was interrupted");
    host.printLine(`${id.data}: the submission is taken back, ${count} jobs are closed as cancelled`);
  } catch (error) {
    await stopWith(host, error);
  }
}
process.exit();
