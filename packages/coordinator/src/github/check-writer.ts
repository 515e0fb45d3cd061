import type { Annotation, CheckAction, Conclusion } from "@repx/core/model";
import { CheckRunList, readAnswer, WrittenCheck } from "./answers.ts";
import type { AppClient, Repository } from "./app-client.ts";
import { readStatus } from "./failure.ts";

/** A check run as it shall be, in the words of the REST API. */
export interface CheckPayload {
  readonly name: string;
  readonly status: "queued" | "in_progress" | "completed";
  readonly conclusion?: Conclusion;
  readonly started_at?: string;
  readonly completed_at?: string;
  readonly output: {
    readonly title: string;
    readonly summary: string;
    readonly text?: string;
    /** Any number; GitHub keeps each that it is ever sent, so only the concluding payload has some. */
    readonly annotations?: readonly Annotation[];
  };
  readonly actions?: readonly CheckAction[];
}

/** What a check run is found again by: the commit, our App, and the id that we gave it. */
export interface CheckAddress {
  readonly repository: Repository;
  readonly headSha: string;
  readonly externalId: string;
  readonly detailsUrl?: string;
}

/** Most annotations of one request (docs.github.com, "Create a check run"). */
export const ANNOTATIONS_AT_ONCE = 50;
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
    ...prepare(payload),
  });
  const { id } = readAnswer(WrittenCheck, data, "a check run");
  await addAnnotations(github, address.repository, id, { payload, present: 0 });
  return id;
}

/** Brings a check run to what it shall be. Annotations that it has are not sent again. */
export async function updateCheck(
  github: AppClient,
  repository: Repository,
  checkRunId: number,
  payload: CheckPayload,
): Promise<void> {
  const { data } = await github.rest.checks.update({
    ...repository,
    check_run_id: checkRunId,
    ...prepare(payload),
  });
  const { output } = readAnswer(WrittenCheck, data, "a check run");
  await addAnnotations(github, repository, checkRunId, { payload, present: output?.annotations_count ?? 0 });
}

/** All of a payload but its annotations, in the shape that the client takes: one that is refused must not cost the verdict. */
function prepare({ actions, output, ...rest }: CheckPayload) {
  const { title, summary, text } = output;
  return {
    ...rest,
    output: { title, summary, ...(text !== undefined && { text }) },
    ...(actions !== undefined && { actions: actions.map((action) => ({ ...action })) }),
  };
}

/**
 * Sends the annotations that a check run lacks. GitHub adds those of every request to the ones that are there, and tells with each
 * answer how many there are: so a check that was left half-way is gone on with, and one that has all gets none twice.
 */
async function addAnnotations(
  github: AppClient,
  repository: Repository,
  checkRunId: number,
  { payload, present }: { readonly payload: CheckPayload; readonly present: number },
): Promise<void> {
  const { annotations = [], ...output } = payload.output;
  for (let start = present; start < annotations.length; start += ANNOTATIONS_AT_ONCE) {
    const batch = annotations.slice(start, start + ANNOTATIONS_AT_ONCE).map((annotation) => ({ ...annotation }));
    try {
      await github.rest.checks.update({
        ...repository,
        check_run_id: checkRunId,
        output: { ...output, annotations: batch },
      });
    } catch (thrown) {
      // The verdict stands; marks that GitHub does not take are no reason to call the whole check refused.
      if (readStatus(thrown) === 422) return;
      throw thrown;
    }
  }
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
