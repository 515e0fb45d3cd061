import { renderCheck, type RunName, type Submission } from "@repx/core/model";
import type { GitHubAnswer } from "../host.ts";

/** A check run of ours, by its run; `post` finds it again by this. */
export interface OwnCheck {
  readonly run: RunName;
  readonly id: number;
}

/** How checks are sent. */
export interface CheckSender {
  /** Sends a request; undefined when it was refused, for good or for now. */
  readonly send: (route: string, parameters: Readonly<Record<string, unknown>>) => Promise<GitHubAnswer | undefined>;
  readonly detailsUrl: string;
  readonly onCreated: (checks: readonly OwnCheck[]) => void;
}

/** The check runs of a submission, one a run. */
export interface CheckRuns {
  /** Creates those that are missing and updates those that changed; says whether all stand as they should. */
  write(submission: Submission): Promise<boolean>;
}

/** Starts with none. A check that is completed is not touched again: GitHub does not open it any more. */
export function openCheckRuns({ send, detailsUrl, onCreated }: CheckSender): CheckRuns {
  const checks = new Map<RunName, number>();
  const written = new Map<RunName, string>();
  const completed = new Set<RunName>();
  const create = async (submission: Submission, run: RunName, content: object): Promise<number | undefined> => {
    const head = { name: renderCheck(submission, run).name, head_sha: submission.headSha, external_id: submission.id };
    const answer = await send("POST /repos/{owner}/{repo}/check-runs", {
      ...head,
      ...describeUrl(detailsUrl),
      ...content,
    });
    const id = readId(answer?.data);
    if (id === undefined) return undefined;
    checks.set(run, id);
    onCreated([...checks].map(([name, check]) => ({ run: name, id: check })));
    return id;
  };
  const writeOne = async (submission: Submission, run: RunName): Promise<boolean> => {
    const content = renderContent(submission, run);
    const text = JSON.stringify(content);
    if (completed.has(run) || written.get(run) === text) return true;
    const id = checks.get(run);
    const isWritten =
      id === undefined
        ? (await create(submission, run, content)) !== undefined
        : (await send("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", { check_run_id: id, ...content })) !==
          undefined;
    if (!isWritten) return false;
    written.set(run, text);
    if (content.status === "completed") completed.add(run);
    return true;
  };
  return {
    async write(submission) {
      let isWhole = true;
      for (const { name } of submission.runs) isWhole = (await writeOne(submission, name)) && isWhole;
      return isWhole;
    },
  };
}

/** The coordinator's words. Nobody but this step would begin a check that is queued: it is in progress from the start. */
function renderContent(submission: Submission, run: RunName): { readonly status: string } & Record<string, unknown> {
  const { status, conclusion, title, summary, text } = renderCheck(submission, run);
  return {
    status: status === "completed" ? status : "in_progress",
    ...(conclusion === undefined ? {} : { conclusion }),
    output: { title, summary, ...(text === "" ? {} : { text }) },
  };
}

function describeUrl(url: string): Record<string, string> {
  return url === "" ? {} : { details_url: url };
}

function readId(data: unknown): number | undefined {
  return typeof data === "object" && data !== null && "id" in data && typeof data.id === "number" ? data.id : undefined;
}
