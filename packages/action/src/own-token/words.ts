import type { ReachedTarget } from "@repx/core";
import { isFinal, isSuccess, type JobId, type Submission } from "@repx/core/model";
import { readJobWords, type JobWords } from "@repx/core/submissions";

/** Adds to submissions what their jobs left on the target: the ends of logs, and numbers. */
export interface WordReader {
  /** Reads what is new of runs that have ended: a check that is completed has to be whole. */
  addTo(submission: Submission): Promise<Submission>;
}

/** Starts with nothing read; each job is asked for once. */
export function openWordReader({ target, transport }: Pick<ReachedTarget, "target" | "transport">): WordReader {
  const known = new Map<JobId, JobWords>();
  return {
    async addTo(submission) {
      const asked = listEnded(submission).filter((job) => !known.has(job));
      const isWell = (job: JobId): boolean => isSuccess(submission.records.get(job)?.state ?? "queued");
      const wanted = { logs: asked.filter((job) => !isWell(job)), metrics: asked.filter(isWell) };
      const words = await readJobWords(transport, target.basePath, wanted);
      for (const job of asked) known.set(job, words.get(job) ?? {});
      const records = [...submission.records].map(([job, record]) => [job, { ...record, ...known.get(job) }] as const);
      return { ...submission, records: new Map(records) };
    },
  };
}

/** Jobs of runs that have ended; what is reused has brought its numbers with it. */
function listEnded({ runs, records }: Submission): JobId[] {
  const readState = (job: JobId): Parameters<typeof isFinal>[0] => records.get(job)?.state ?? "queued";
  const ended = runs.filter((run) => run.jobs.every((job) => isFinal(readState(job)))).flatMap(({ jobs }) => jobs);
  return [...new Set(ended)].filter((job) => readState(job) !== "reused");
}
