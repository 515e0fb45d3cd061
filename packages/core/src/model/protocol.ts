import * as z from "zod";
import { CommitSha, EventId, JobId, LabHash, RunName, SubmissionId } from "./ids.ts";

/** SLURM's base states that a relay reports, with REQUEUED for an attempt that will be followed by another. */
export const SlurmState = z.enum([
  "PENDING",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "TIMEOUT",
  "DEADLINE",
  "OUT_OF_MEMORY",
  "CANCELLED",
  "NODE_FAIL",
  "BOOT_FAIL",
  "PREEMPTED",
  "REQUEUED",
]);
export type SlurmState = z.infer<typeof SlurmState>;

/** Where a job stands, in the words that people read. */
export const JobState = z.enum([
  "queued",
  "running",
  "succeeded",
  "reused",
  "failed",
  "timed_out",
  "out_of_memory",
  "cancelled",
  "skipped",
  "infrastructure",
]);
export type JobState = z.infer<typeof JobState>;

/** Most of a job's log that travels with its end, in characters. */
export const LOG_TAIL_LENGTH = 16_000;
/** Most of a `metrics.json` that travels, in characters. */
export const METRICS_LENGTH = 16_000;

/** What happened to an attempt of a job, as the relay on the target reports it; one JSON line each. */
export const JobEvent = z.object({
  id: EventId,
  job: JobId,
  attempt: z.int().min(1).max(10_000),
  state: SlurmState,
  /** When the state was reached or, where that is unknown, seen; UTC. */
  at: z.iso.datetime(),
  /** SLURM's job id, `123` or `123_4`. */
  slurmId: z.string().regex(/^[0-9]{1,12}(_[0-9]{1,12})?$/),
  /**
   * SLURM's reason, for instance `NonZeroExitCode` or `DependencyNeverSatisfied`; `CancelledBy:<uid>` where accounting knows it.
   * Then, or alone, what a retry gives: `again with mem 80M after OUT_OF_MEMORY`.
   */
  reason: z.string().max(200).optional(),
  exitCode: z.int().min(0).max(255).optional(),
  signal: z.int().min(0).max(255).optional(),
  node: z.string().max(255).optional(),
  elapsedSeconds: z.number().min(0).optional(),
  /** What the attempt was given, over all its nodes. */
  cpus: z.int().min(1).max(10_000_000).optional(),
  nodes: z.int().min(1).max(1_000_000).optional(),
  /** What the attempt was given a node, and the most that it held; MiB. */
  memoryMebibytes: z.number().min(0).optional(),
  peakMebibytes: z.number().min(0).optional(),
  marker: z.enum(["SUCCESS", "FAIL"]).optional(),
  /** The last lines of the job's stderr (or stdout where stderr is empty). */
  logTail: z.string().max(LOG_TAIL_LENGTH).optional(),
  /** The text of `out/metrics.json`, not yet parsed. */
  metricsText: z.string().max(METRICS_LENGTH).optional(),
});
export type JobEvent = z.infer<typeof JobEvent>;

/** How the jobs that have yet to begin wait, by SLURM's reason, as squeue tells it. */
export const QueueLine = z.object({
  /** For instance `Priority`, `Resources`, `QOSMaxJobsPerUserLimit`. */
  reason: z.string().min(1).max(100),
  jobs: z.int().min(1).max(1_000_000),
  /** The earliest start that SLURM expects of them (`squeue --start`); UTC. */
  startsAt: z.iso.datetime().optional(),
});
export type QueueLine = z.infer<typeof QueueLine>;

/** The relay's word that it watches, where nothing else is to be told; one JSON line among the events. */
export const Pulse = z.object({
  /** When it looked last and had an answer of the scheduler; UTC. */
  pulse: z.iso.datetime(),
  queue: z.array(QueueLine).max(50).optional(),
});
export type Pulse = z.infer<typeof Pulse>;

/** A line of a file in the repository, for an annotation. */
export const SourceLine = z.object({ path: z.string().min(1).max(500), line: z.int().min(1).max(10_000_000) });
export type SourceLine = z.infer<typeof SourceLine>;

/** A job of a submission, as registered. */
export const SubmittedJob = z.object({
  id: JobId,
  /** `<stage>-<version>`. */
  stage: z.string().max(200),
  parameters: z.record(z.string().max(200), z.json()),
  dependsOn: z.array(JobId),
  isReused: z.boolean(),
  /** Of a reused job: the text of its `out/metrics.json`. */
  metricsText: z.string().max(METRICS_LENGTH).optional(),
  /** Where the stage is defined, and where its memory and time are asked for. */
  stageAt: SourceLine.optional(),
  resourcesAt: SourceLine.optional(),
});
export type SubmittedJob = z.infer<typeof SubmittedJob>;

/** When the pull request's one comment is written. */
export const CommentPolicy = z.enum(["always", "on-change", "on-failure", "never"]);
export type CommentPolicy = z.infer<typeof CommentPolicy>;

/** What becomes of jobs that have not ended when nobody waits for them any more. */
export const OrphanPolicy = z.enum(["cancel", "keep"]);
export type OrphanPolicy = z.infer<typeof OrphanPolicy>;

/** What a repository wishes of the coordinator; every field has a default. */
export const SubmissionPolicy = z.object({
  comment: CommentPolicy.default("on-change"),
  /** When a later push to the pull request is submitted. */
  onSupersede: OrphanPolicy.default("keep"),
  /** When the pull request is closed. */
  onClose: OrphanPolicy.default("keep"),
  /** Whether `publish.yml` is started when all jobs have ended. */
  publish: z.boolean().default(false),
  /** Jobs that have waited longer in the queue are reported as lost to the infrastructure; no limit when absent. */
  maxQueueHours: z
    .number()
    .positive()
    .max(24 * 365)
    .optional(),
});
export type SubmissionPolicy = z.infer<typeof SubmissionPolicy>;

/** Body of `POST /api/submissions`. */
export const SubmissionRequest = z.object({
  lab: LabHash,
  /** How the Lab was named, for instance `.#lab`; by it and the commit, others build the same one. */
  labReference: z.string().min(1).max(500).optional(),
  /** The name of the target in `config.toml`. */
  target: z.string().min(1).max(100),
  /** The commit that the checks belong to: the pull request's head, not the merge commit. */
  headSha: CommitSha,
  pullRequest: z.int().positive().optional(),
  runs: z
    .array(
      z.object({
        name: RunName,
        jobs: z.array(JobId),
        /** Of an advisory run, trouble of the infrastructure does not block the pull request. */
        isAdvisory: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(200),
  policy: SubmissionPolicy.optional(),
  jobs: z.array(SubmittedJob).max(50_000),
});
export type SubmissionRequest = z.infer<typeof SubmissionRequest>;

/** Answer to `POST /api/submissions` (201). The token is for this submission's events alone and is shown only here. */
export const SubmissionReceipt = z.object({
  id: SubmissionId,
  token: z.string().min(32).max(200),
  /** Where a person follows the submission. */
  url: z.url(),
  expiresAt: z.iso.datetime(),
});
export type SubmissionReceipt = z.infer<typeof SubmissionReceipt>;

/** Answer to `POST /api/submissions/:id/events` (200): every accepted or known line may be forgotten by the sender. */
export const EventReceipt = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  /** Lines that will never be accepted, by their number from 1, with what was wrong. */
  rejected: z.array(z.object({ line: z.int(), message: z.string() })),
});
export type EventReceipt = z.infer<typeof EventReceipt>;

/** Where a run stands. Two words for runs under way, the others for those that are over. */
export const Verdict = z.enum([
  "queued",
  "running",
  "passed",
  "failed",
  "resources",
  "infrastructure",
  "cancelled",
  "unknown",
]);
export type Verdict = z.infer<typeof Verdict>;

/** Answer to `GET /api/submissions/:id`. */
export const SubmissionView = z.object({
  id: SubmissionId,
  repository: z.string(),
  headSha: CommitSha,
  lab: LabHash,
  target: z.string(),
  isConcluded: z.boolean(),
  runs: z.array(
    z.object({ name: RunName, verdict: Verdict, title: z.string(), counts: z.record(z.string(), z.int()) }),
  ),
  jobs: z.array(z.object({ id: JobId, state: JobState, attempt: z.int(), reason: z.string().optional() })),
});
export type SubmissionView = z.infer<typeof SubmissionView>;

/** Answer to `GET /api/labs/:lab`: the submission in which the runs passed, and the jobs that they need. */
export const KnownLab = z.object({
  submission: SubmissionId,
  jobs: z.array(z.object({ id: JobId, metricsText: z.string().max(METRICS_LENGTH).optional() })),
});
export type KnownLab = z.infer<typeof KnownLab>;

/** Every refusal of the coordinator, with a status of 400 or more. */
export const ErrorAnswer = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }),
});
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;

/** `out/metrics.json`: numbers by name, each alone or with its error and unit. */
export const Metrics = z.record(
  z.string().max(100),
  z.union([
    z.number(),
    z.object({ value: z.number(), error: z.number().optional(), unit: z.string().max(50).optional() }),
  ]),
);
export type Metrics = z.infer<typeof Metrics>;
