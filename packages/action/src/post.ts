import { abandonSubmission } from "@repx/core";
import { SubmissionId } from "@repx/core/model";
import { openHost } from "./host.ts";
import { stopWith } from "./stop.ts";

// The step was interrupted between registering and submitting: without this its checks would stay queued for ever.
const host = openHost();
const id = SubmissionId.safeParse(host.readState("submission"));
const isInterrupted = id.success && host.readState("submitted") !== "true" && host.readState("abandoned") !== "true";

if (isInterrupted) {
  const token = host.readState("token");
  host.addMask(token);
  try {
    const count = await abandonSubmission(
      host.readState("coordinator"),
      { id: id.data, token },
      "the workflow was interrupted",
      new Date(),
    );
    host.printLine(`${id.data}: ${count} jobs that were registered and never submitted are closed as cancelled`);
  } catch (error) {
    await stopWith(host, error);
  }
}
process.exit();
