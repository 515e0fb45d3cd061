// Reports by the job's own token: what the coordinator writes, as long as this step runs. A report that GitHub does not take
// never fails the step: the job summary has all of it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Submission, SubmissionPolicy } from "@repx/core/model";
import type { GitHub, GitHubAnswer, Host } from "../host.ts";
import { openCheckRuns, type OwnCheck } from "./check-runs.ts";
import { writeStickyComment } from "./sticky-comment.ts";

/** Where it is reported, and how. */
export interface ReportPlace {
  readonly github: GitHub;
  /** `owner/name`. */
  readonly repository: string;
  readonly pullRequest: number | undefined;
  readonly isFork: boolean;
  readonly comment: SubmissionPolicy["comment"];
  readonly detailsUrl: string;
  readonly tell: Pick<Host, "annotate">;
  readonly onChecks: (checks: readonly OwnCheck[]) => void;
  /** Milliseconds, for tests. */
  readonly pace?: { readonly everyMs: number; readonly pauseMs: number };
}

/** A report that is kept up to date. */
export interface OwnReport {
  /** Writes how it stands, at most every 15 seconds; less often where there are many runs. */
  update(submission: Submission): Promise<void>;
  /** Writes the end, and the comment; tries again where GitHub is busy. */
  conclude(submission: Submission): Promise<void>;
}

const EVERY_MS = 15_000;
const PAUSE_MS = 5000;
/** So many checks are updated every 15 seconds; more take longer. */
const RUNS_AT_PACE = 2;
const TRIES = 5;
/** The longest that GitHub asks for is an hour, and a runner is held meanwhile. */
const MOST_PAUSE_MS = 120_000;

/** What a job needs to report by itself, as it stands in a workflow. */
export const OWN_PERMISSIONS = ["permissions:", "  contents: read", "  checks: write", "  pull-requests: write"].join(
  "\n",
);

/** Opens a report; nothing is written yet. */
export function openOwnReport(place: ReportPlace): OwnReport {
  const { everyMs = EVERY_MS, pauseMs = PAUSE_MS } = place.pace ?? {};
  const refusals = openRefusals(place);
  const [owner = "", repo = ""] = place.repository.split("/");
  const sendFor =
    (what: "checks" | "comment") =>
    async (route: string, parameters: Readonly<Record<string, unknown>>): Promise<GitHubAnswer | undefined> => {
      if (refusals.isRefused(what)) return undefined;
      const answer = await place.github.request(route, { owner, repo, ...parameters });
      if (answer.status >= 200 && answer.status < 300) return answer;
      refusals.note(what, answer);
      return undefined;
    };
  const checks = openCheckRuns({ send: sendFor("checks"), detailsUrl: place.detailsUrl, onCreated: place.onChecks });
  let dueMs = Number.NEGATIVE_INFINITY;
  const persist = async (what: "checks" | "comment", write: () => Promise<boolean>): Promise<void> => {
    for (let nth = 1; !(await write()) && !refusals.isRefused(what); nth += 1) {
      if (nth === TRIES) return refusals.giveUp(what);
      await sleep(Math.max(pauseMs * nth, refusals.readPauseMs()));
    }
  };
  return {
    async update(submission) {
      if (performance.now() < dueMs) return;
      const isWhole = await checks.write(submission);
      // A job's token has 1,000 requests an hour for the whole repository: half of them, if all runs change all the time.
      const pace = everyMs * Math.max(1, submission.runs.length / RUNS_AT_PACE);
      dueMs = performance.now() + Math.max(pace, isWhole ? 0 : refusals.readPauseMs());
    },
    async conclude(submission) {
      await persist("checks", async () => checks.write(submission));
      const { pullRequest } = place;
      if (pullRequest === undefined) return;
      const comment = { send: sendFor("comment"), pullRequest, policy: place.comment };
      await persist("comment", async () => writeStickyComment(comment, submission));
    },
  };
}

interface Refusals {
  isRefused(what: string): boolean;
  note(what: string, answer: GitHubAnswer): void;
  giveUp(what: string): void;
  /** How long GitHub wants to be left alone; 0 where it has not said so last. */
  readPauseMs(): number;
}

/** Said once, whatever is refused: whoever mends it adds one block. */
function openRefusals({ isFork, tell }: Pick<ReportPlace, "isFork" | "tell">): Refusals {
  const refused = new Set<string>();
  let last: GitHubAnswer | undefined;
  return {
    isRefused: (what) => refused.has(what),
    note(what, answer) {
      last = answer;
      if (answer.isLimited || ![401, 403, 404, 410, 422].includes(answer.status)) return;
      const isFirst = refused.size === 0;
      refused.add(what);
      if (!isFirst) return;
      if (isFork && answer.status === 403) {
        const why = "GitHub gives the workflow of a pull request from a fork a token that can only read";
        tell.annotate("notice", "Reported in the job summary alone", `${why}: no check and no comment is written.`);
      } else tell.annotate("warning", "GITHUB_REFUSED", explainRefusal(what, answer));
    },
    readPauseMs: () => Math.min(MOST_PAUSE_MS, (last?.retryAfterSeconds ?? 0) * 1000),
    giveUp(what) {
      const how =
        last === undefined || last.status === 0 ? "GitHub cannot be reached" : `GitHub answered ${last.status}`;
      tell.annotate(
        "warning",
        "GITHUB_UNREACHABLE",
        `the ${what} could not be written: ${how}. The job summary has all.`,
      );
    },
  };
}

function explainRefusal(what: string, { status, message }: GitHubAnswer): string {
  const refused = `GitHub does not let this job write the ${what} (${status}: ${message}). The job summary has all.`;
  if (status === 401) return `${refused}\nhint: A job's token ends after 24 hours; a coordinator needs none.`;
  if (status === 403 || status === 404) return `${refused}\nhint: Add this to the job:\n${OWN_PERMISSIONS}`;
  return refused;
}
