import { splitRepository, type AppClient } from "../github/app-client.ts";
import { dispatchWorkflow } from "../github/dispatch-workflow.ts";
import { describeThrown, writeLog } from "../log.ts";
import type { SubmissionRow } from "../submission-store.ts";
import { noteSweep } from "./watch-store.ts";

/** Asks the login node to look. Noted first: a dispatch that fails is tried again when the next sweep is due. */
export async function askForSweep(
  sql: SqlStorage,
  row: SubmissionRow,
  now: number,
  openGithub: () => AppClient,
): Promise<void> {
  noteSweep(sql, now);
  const inputs = { submission: row.id };
  try {
    await dispatchWorkflow(openGithub(), splitRepository(row.repository), "reconcile.yml", inputs);
    writeLog("sweep", { submission: row.id });
  } catch (thrown) {
    writeLog("failure", { submission: row.id, item: "reconcile.yml", cause: describeThrown(thrown) });
  }
}
