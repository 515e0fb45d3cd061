import { CODES, RepxError } from "@repx/core/model";
import type { Host } from "./host.ts";
import { renderFailure } from "./summary.ts";

/** Tells the workflow why the Action stops, and sets the exit status of the error's code. */
export async function stopWith(host: Host, error: unknown): Promise<void> {
  if (error instanceof RepxError) {
    host.annotate("error", error.code, `${error.message}\nhint: ${error.hint}`);
    await host.appendSummary(renderFailure(error));
    process.exitCode = CODES[error.code].exit;
    return;
  }
  host.annotate(
    "error",
    "This is a bug in RepX",
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
  process.exitCode = 70;
}
