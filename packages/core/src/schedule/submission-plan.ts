import * as z from "zod";
import { CommitSha, JobId, LabHash, RunName } from "../model/ids.ts";
import { ExecutionType } from "../target/config/config-layer.ts";

const Dependency = z.object({ id: JobId, kind: z.enum(["hard", "soft"]) });

/** A submission's `plan.json`: what was to run, out of what, for whoever asks later. */
export const SubmissionPlan = z.object({
  createdAt: z.iso.datetime(),
  /** By its name in the config of whoever submitted. */
  target: z.string(),
  /** `folder` is a path on the machine that submitted. */
  lab: z.object({ hash: LabHash, folder: z.string() }),
  commit: CommitSha.optional(),
  /** Whose results it is for, by which a closed one is found again. */
  pullRequest: z.object({ repository: z.string(), number: z.int().positive() }).optional(),
  /** A path on that machine, too. */
  resources: z.string().optional(),
  /** What was asked for; the target's config chose where nothing was. */
  runtime: ExecutionType.optional(),
  rev: z.int().positive().optional(),
  runs: z.array(z.object({ name: RunName, jobs: z.array(JobId).readonly() })).readonly(),
  toRun: z.array(JobId).readonly(),
  reused: z.array(JobId).readonly(),
  /** In the queue for another submission, and waited for. */
  shared: z.array(JobId).readonly(),
  /** What jobs wait for. Many have the same list, of a whole run perhaps: it stands here once. */
  dependencies: z.array(z.array(Dependency).readonly()).readonly(),
  /** Each after all that it waits for; `needs` is the index of its list. */
  jobs: z.array(z.object({ id: JobId, stage: z.string(), needs: z.int().min(0) })).readonly(),
});
export type SubmissionPlan = z.infer<typeof SubmissionPlan>;

type Wires = SubmissionPlan["dependencies"][number];

/** Takes lists together, equal ones being the same array; `listAll` has each once, in the order of their numbers. */
export function collectDependencies(): { readonly number: (list: Wires) => number; readonly listAll: () => Wires[] } {
  const numbers = new Map<Wires, number>();
  return {
    number: (list) => {
      const known = numbers.get(list) ?? numbers.size;
      numbers.set(list, known);
      return known;
    },
    listAll: () => [...numbers.keys()],
  };
}

/** What a job of a plan waits for. */
export function listDependencies(plan: SubmissionPlan, { needs }: SubmissionPlan["jobs"][number]): Wires {
  return plan.dependencies[needs] ?? [];
}
