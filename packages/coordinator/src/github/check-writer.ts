import { CheckRunList, readAnswer, Written } from "./answers.ts";
import type { AppClient, Repository } from "./app-client.ts";

/** A check run as it shall be, in the words of the REST API. */
export interface CheckPayload {
  readonly name: string;
  readonly status: "queued" | "in_progress" | "completed";
  readonly conclusion?: "success" | "failure" | "action_required";
  readonly started_at?: string;
  readonly completed_at?: string;
  readonly output: { readonly title: string; readonly summary: string; readonly text?: string };
  /** Buttons; GitHub takes at most three. */
  readonly actions?: { readonly label: string; readonly description: string; readonly identifier: string }[];
}

/** What a check run is found again by: the commit, our App, and the id that we gave it. */
export interface CheckAddress {
  readonly repository: Repository;
  readonly headSha: string;
  readonly externalId: string;
  readonly detailsUrl?: string;
}

const PAGE_SIZE = 100;
/** GitHub keeps at most 1,000 runs of one name in a suite (docs.github.com, "Using the REST API to interact with checks"). */
const MAX_PAGES = 10;

/** Creates a check run and returns its id. */
export async function createCheck(github: AppClient, address: CheckAddress, payload: CheckPayload): Promise<number> {
  const { data } = await github.rest.checks.create({
    ...address.repository,
    head_sha: address.headSha,
    external_id: address.externalId,
    ...(address.detailsUrl !== undefined && { details_url: address.detailsUrl }),
    ...payload,
  });
  return readAnswer(Written, data, "a check run").id;
}

/** Brings a check run to what it shall be. */
export async function updateCheck(
  github: AppClient,
  repository: Repository,
  checkRunId: number,
  payload: CheckPayload,
): Promise<void> {
  const { data } = await github.rest.checks.update({ ...repository, check_run_id: checkRunId, ...payload });
  readAnswer(Written, data, "a check run");
}

/** Finds a check run that a lost answer or a crash left without a known id; undefined when it was never made. */
export async function findCheck(
  github: AppClient,
  appId: number,
  address: CheckAddress,
  name: string,
): Promise<number | undefined> {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { data } = await github.rest.checks.listForRef({
      ...address.repository,
      ref: address.headSha,
      check_name: name,
      app_id: appId,
      filter: "all",
      per_page: PAGE_SIZE,
      page,
    });
    const { check_runs: runs, total_count: total } = readAnswer(CheckRunList, data, "a list of check runs");
    const ours = runs.find((run) => run.external_id === address.externalId);
    if (ours !== undefined) return ours.id;
    if (runs.length < PAGE_SIZE || page * PAGE_SIZE >= total) return undefined;
  }
  return undefined;
}
