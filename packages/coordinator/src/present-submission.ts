import type { ReportLinks, Submission } from "@repx/core/model";
import type { Config } from "./config.ts";
import { listFigures } from "./files/file-store.ts";
import { readPolicy, readSubmission, type SubmissionRow } from "./submission-store.ts";
import { readQueue, readWatch } from "./watch/watch-store.ts";
import { applyWatch, type WatchFrame } from "./watch/watch.ts";

/** More pictures than that nobody looks at in a report. */
const MAX_FIGURES = 20;

/** Reads a submission as it stands now: what was stored of it, with what time alone has made of that. */
export function presentSubmission(
  sql: SqlStorage,
  row: SubmissionRow,
  { origin, texts, now }: { readonly origin: string; readonly texts: "texts" | "no texts"; readonly now: number },
): Submission {
  const queue = readQueue(sql);
  const figures = listFigures(sql, MAX_FIGURES).map(({ job, path, figure }) => ({
    job,
    name: path,
    url: `${origin}/figures/${row.id}/${figure}`,
  }));
  const submission = {
    ...readSubmission(sql, row, texts),
    ...(queue !== undefined && { queue }),
    ...(figures.length > 0 && { figures }),
  };
  return applyWatch(submission, readWatch(sql), readFrame(row), now);
}

/** What stands still while a submission is watched. */
export function readFrame(row: SubmissionRow): WatchFrame {
  return { expiresAt: row.expires_at, maxQueueHours: readPolicy(row).maxQueueHours };
}

/** Where a report leads: to the board where people can sign in, else to the workflow run that registered the submission. */
export function renderLinks(config: Config, row: SubmissionRow): ReportLinks {
  const hasBoard = config.GITHUB_APP_CLIENT_ID !== undefined || config.PUBLIC_BOARD === "yes";
  const detailsUrl = hasBoard ? `${config.COORDINATOR_ORIGIN}/s/${row.id}` : row.details_url;
  return { detailsUrl, serverUrl: config.GITHUB_SERVER_URL };
}
