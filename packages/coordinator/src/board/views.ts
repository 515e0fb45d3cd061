// What the pages show. Each page is rendered from one of these, and is the same thing as JSON.
import { JobId, JobState, LabHash, RunName, SubmissionId } from "@repx/core/model";
import * as z from "zod";

/** How many jobs are in which state. */
export const StateCounts = z.partialRecord(JobState, z.int());
export type StateCounts = z.infer<typeof StateCounts>;

const Time = z.iso.datetime();

/** A submission beside its jobs. */
export const SubmissionHead = z.object({
  id: SubmissionId,
  /** `owner/name`. */
  repository: z.string(),
  pullRequest: z.int().optional(),
  headSha: z.string(),
  lab: LabHash,
  target: z.string(),
  createdAt: Time,
  /** The workflow run that registered it. */
  workflowUrl: z.string(),
});
export type SubmissionHead = z.infer<typeof SubmissionHead>;

/** A run as it stands: `verdict` and `title` as in its check. */
export const RunLine = z.object({ name: RunName, verdict: z.string(), title: z.string() });
export type RunLine = z.infer<typeof RunLine>;

/** The jobs of a stage, taken together. */
export const StageNode = z.object({
  name: z.string(),
  total: z.int(),
  counts: StateCounts,
  /** The stages that its jobs need, by name. */
  needs: z.array(z.string()),
});
export type StageNode = z.infer<typeof StageNode>;

/** One attempt of a job. */
export const AttemptLine = z.object({
  attempt: z.int(),
  state: JobState,
  reason: z.string().optional(),
  node: z.string().optional(),
  startedAt: z.string().optional(),
  elapsedSeconds: z.number().optional(),
});
export type AttemptLine = z.infer<typeof AttemptLine>;

/** A job in a table; texts are cut, the job's own page has them whole. */
export const JobLine = z.object({
  id: JobId,
  stage: z.string(),
  /** `name=value`, by name. */
  parameters: z.string(),
  state: JobState,
  /** How it stands, in a few words. */
  end: z.string(),
  /** The latest one last; none of a job that was reused or has not begun. */
  attempts: z.array(AttemptLine),
});
export type JobLine = z.infer<typeof JobLine>;

/** `/s/<id>`. */
export const SubmissionPage = z.object({
  submission: SubmissionHead,
  isConcluded: z.boolean(),
  runs: z.array(RunLine.extend({ counts: StateCounts })),
  counts: StateCounts,
  /** The first of them; `stageCount` is how many there are. */
  stages: z.array(StageNode),
  stageCount: z.int(),
  /** Jobs that the filter lets through, on all pages. */
  matches: z.int(),
  page: z.int(),
  pageCount: z.int(),
  jobs: z.array(JobLine),
  /** When this was read: running jobs have run until now. */
  readAt: Time,
});
export type SubmissionPage = z.infer<typeof SubmissionPage>;

/** A fact or a parameter as text. */
export const Fact = z.object({ name: z.string(), value: z.string() });
export type Fact = z.infer<typeof Fact>;

/** Another job that this one needs or that needs this one. */
export const JobLink = z.object({ id: JobId, stage: z.string(), state: JobState });
export type JobLink = z.infer<typeof JobLink>;

/** `/s/<id>/jobs/<job>`. */
export const JobPage = z.object({
  submission: SubmissionHead,
  id: JobId,
  stage: z.string(),
  state: JobState,
  end: z.string(),
  runs: z.array(RunName),
  parameters: z.array(Fact),
  /** All that is recorded, but for what has a field of its own here. */
  facts: z.array(Fact),
  attempts: z.array(AttemptLine),
  logTail: z.string().optional(),
  /** Absent when none came; a text that is no object of numbers is not readable. */
  metrics: z.object({ isReadable: z.boolean(), values: z.array(Fact) }).optional(),
  /** What the job left for people; a picture has the address of its own that shows it. */
  files: z.array(z.object({ path: z.string(), sizeBytes: z.int(), figure: z.string().optional() })),
  /** The first of them, and how many there are. */
  inputs: z.array(JobLink),
  inputCount: z.int(),
  dependants: z.array(JobLink),
  dependantCount: z.int(),
  readAt: Time,
});
export type JobPage = z.infer<typeof JobPage>;

/** A submission in a repository's index. */
export const SubmissionEntry = z.object({
  id: SubmissionId,
  pullRequest: z.int().optional(),
  headSha: z.string(),
  createdAt: Time,
  target: z.string(),
  runs: z.array(RunLine),
  isConcluded: z.boolean(),
});
export type SubmissionEntry = z.infer<typeof SubmissionEntry>;

/** `/r/<owner>/<repo>`. */
export const RepositoryPage = z.object({
  repository: z.string(),
  /** Only those of this pull request are listed. */
  pullRequest: z.int().optional(),
  submissions: z.array(SubmissionEntry),
  /** Where the next page begins, in milliseconds since 1970; absent on the last. */
  before: z.int().optional(),
});
export type RepositoryPage = z.infer<typeof RepositoryPage>;

/** A number that jobs of a run left, averaged over them. */
export const MetricMean = z.object({ name: z.string(), mean: z.number(), jobs: z.int() });
export type MetricMean = z.infer<typeof MetricMean>;

/** What one submission knows of a run beyond its index entry. */
export const RunFacts = z.object({
  counts: StateCounts,
  /** From the first start to the last end known. */
  wallSeconds: z.number().optional(),
  /** The sum over jobs. */
  jobSeconds: z.number().optional(),
  metrics: z.array(MetricMean),
});
export type RunFacts = z.infer<typeof RunFacts>;

/** `/r/<owner>/<repo>/runs/<run>`; the newest first. */
export const RunPage = z.object({
  repository: z.string(),
  run: RunName,
  submissions: z.array(
    SubmissionEntry.pick({ id: true, pullRequest: true, headSha: true, createdAt: true, target: true })
      .extend({ verdict: z.string(), title: z.string() })
      .extend(RunFacts.shape),
  ),
});
export type RunPage = z.infer<typeof RunPage>;

/** `/`. */
export const HomePage = z.object({ service: z.literal("repx-coordinator"), login: z.string().optional() });
export type HomePage = z.infer<typeof HomePage>;
