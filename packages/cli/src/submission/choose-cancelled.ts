// Which jobs of which submissions the words of `repx cancel` mean.
import { RepxError, isFinal, type JobId } from "@repx/core/model";
import type { SubmissionStatus } from "@repx/core/submissions";
import { isSubmissionWord, parseJobWord } from "./submission-words.ts";

/** A submission with those of its jobs that are meant; all of them when not given. */
export interface Choice {
  readonly status: SubmissionStatus;
  readonly jobs?: readonly JobId[];
}

/** How submissions are looked at. */
export interface SubmissionLooks {
  readonly listNewest: (most: number) => Promise<readonly SubmissionStatus[]>;
  readonly open: (word: string | undefined) => Promise<SubmissionStatus>;
}

/** A job is looked for in so many of the newest submissions. */
const MOST = 20;

/** Finds what words mean: submissions, or jobs of the newest ones. SUBMISSION_UNKNOWN, LAB_JOB_UNKNOWN, LAB_JOB_AMBIGUOUS. */
export async function chooseJobsToCancel(words: readonly string[], looks: SubmissionLooks): Promise<Choice[]> {
  if (words.length === 0) return [{ status: await looks.open(undefined) }];
  const newest = await looks.listNewest(MOST);
  const whole = new Map<string, SubmissionStatus>();
  const single = new Map<string, Set<JobId>>();
  for (const word of words) {
    const status = isSubmissionWord(word) ? await findSubmission(word, newest, looks) : undefined;
    if (status !== undefined) whole.set(status.id, status);
    else
      for (const { id, job } of findOpenJob(parseJobWord(word), newest))
        single.set(id, (single.get(id) ?? new Set()).add(job));
  }
  const parts = newest.flatMap((status): Choice[] => {
    const jobs = single.get(status.id);
    return jobs === undefined || whole.has(status.id) ? [] : [{ status, jobs: [...jobs] }];
  });
  return [...[...whole.values()].map((status) => ({ status })), ...parts];
}

/** Undefined where the word may still begin the id of a job. */
async function findSubmission(
  word: string,
  newest: readonly SubmissionStatus[],
  looks: SubmissionLooks,
): Promise<SubmissionStatus | undefined> {
  const begun = newest.filter(({ id }) => id.startsWith(word));
  if (begun.length === 1) return begun[0];
  if (begun.length === 0 && findJobs(word, newest).length > 0) return undefined;
  return looks.open(word);
}

function findJobs(word: string, newest: readonly SubmissionStatus[]): JobId[] {
  return [...new Set(newest.flatMap(({ plan }) => plan.jobs.map(({ id }) => id)))].filter((id) => id.startsWith(word));
}

/** Every submission in which the job has not ended; where it has in all of them, the newest one, to say so. */
function findOpenJob(word: string, newest: readonly SubmissionStatus[]): { id: string; job: JobId }[] {
  const [job, ...others] = findJobs(word, newest);
  if (job === undefined) {
    throw new RepxError("LAB_JOB_UNKNOWN", `no job of the newest ${MOST} submissions begins with ${word}`, {
      hint: "`repx status --json` has all job ids of a submission; name another target with --target.",
    });
  }
  if (others.length > 0) {
    throw new RepxError("LAB_JOB_AMBIGUOUS", `${others.length + 1} jobs begin with ${word}`, {
      hint: `Write more characters: ${[job, ...others].slice(0, 5).join(", ")}.`,
    });
  }
  const holding = newest.filter(({ plan }) => plan.toRun.includes(job));
  const open = holding.filter(({ records }) => !isFinal(records.get(job)?.state ?? "queued"));
  return (open.length > 0 ? open : holding.slice(0, 1)).map(({ id }) => ({ id, job }));
}
