import * as z from "zod";
import { CommitSha, JobId, LabHash, RunName } from "../model/ids.ts";

const Dependency = z.object({ id: JobId, kind: z.enum(["hard", "soft"]) });

/** A submission's `plan.json`: what was to run, out of what, for whoever asks later. */
export const SubmissionPlan = z.object({
  createdAt: z.iso.datetime(),
  /** By its name in the config of whoever submitted. */
  target: z.string(),
  /** `folder` is a path on the machine that submitted. */
  lab: z.object({ hash: LabHash, folder: z.string() }),
  commit: CommitSha.optional(),
  /** A path on that machine, too. */
  resources: z.string().optional(),
  runs: z.array(z.object({ name: RunName, jobs: z.array(JobId).readonly() })).readonly(),
  toRun: z.array(JobId).readonly(),
  reused: z.array(JobId).readonly(),
  /** In the queue for another submission, and waited for. */
  shared: z.array(JobId).readonly(),
  /** Each after all that it waits for. */
  jobs: z.array(z.object({ id: JobId, stage: z.string(), dependsOn: z.array(Dependency).readonly() })).readonly(),
});
export type SubmissionPlan = z.infer<typeof SubmissionPlan>;
