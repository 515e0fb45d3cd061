import * as z from "zod";
import { JobId, LabHash, RunName } from "./ids.ts";

/** A path inside the Lab: relative, without `.`, `..`, empty parts or control characters. */
export const LabPath = z
  .string()
  .max(4096)
  .refine(
    (path) => !/\p{Cc}/u.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
    "not a path inside the Lab",
  );

/** A text that is shown on terminals and in reports, or handed to the scheduler: on one line, without escapes. */
const Word = z.string().refine((text) => !/\p{Cc}/u.test(text), "control characters in a name");

/** What a job asks of the scheduler, in RepX's and SLURM's own words: `mem` "4G", `time` "01:00:00". */
export const ResourceHints = z.object({
  mem: Word.nullish(),
  cpus: z.int().positive().nullish(),
  time: Word.nullish(),
  partition: Word.nullish(),
  sbatch_opts: z.array(Word).nullish(),
});
export type ResourceHints = z.infer<typeof ResourceHints>;

/** One wire into an input: from an upstream job's output, from another run, or from the target itself. */
export const InputMapping = z.object({
  type: z.string().nullish(),
  job_id: z.union([JobId, z.literal("self")]).nullish(),
  source_output: Word.nullish(),
  target_input: Word,
  source_run: RunName.nullish(),
  dependency_type: z.enum(["hard", "soft"]).nullish(),
  source: Word.nullish(),
});
export type InputMapping = z.infer<typeof InputMapping>;

/** One program of a job, with what goes in and the templates (`$out/...`) of what comes out. */
export const Executable = z.object({
  path: LabPath,
  inputs: z.array(InputMapping),
  outputs: z.record(Word, z.json()),
  resource_hints: ResourceHints.nullish(),
  /** Of a scatter-gather job's step: the steps that it needs. */
  deps: z.array(Word).nullish(),
});
export type Executable = z.infer<typeof Executable>;

/** A job as a run's metadata holds it; `name` is `<stage>-<version>`. */
export const LabJob = z.object({
  name: Word.max(200),
  stage_type: z.enum(["simple", "scatter-gather", "worker", "gather"]),
  params: z.record(Word, z.json()),
  executables: z.record(Word, Executable),
  resource_hints: ResourceHints.nullish(),
});
export type LabJob = z.infer<typeof LabJob>;

/** `lab/lab-metadata.json`: the Lab's hash, where its root lies, and every file with its SHA-256. */
export const LabManifest = z.object({
  labId: LabHash,
  lab_version: Word,
  metadata: LabPath,
  files: z.array(z.object({ path: LabPath, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});
export type LabManifest = z.infer<typeof LabManifest>;

/** `revision/metadata-top.json`. */
export const RootMetadata = z.object({
  repx_version: Word.nullish(),
  type: z.literal("root"),
  gitHash: Word,
  runs: z.array(LabPath),
  groups: z.record(Word, z.array(RunName)).nullish(),
});
export type RootMetadata = z.infer<typeof RootMetadata>;

/** `revision/metadata-<run>.json`; `dependencies` are keyed by the other runs' metadata paths. */
export const RunMetadata = z.object({
  type: z.literal("run"),
  name: RunName,
  gitHash: Word,
  dependencies: z.record(LabPath, z.enum(["hard", "soft"])),
  image: LabPath.nullish(),
  jobs: z.record(JobId, LabJob),
});
export type RunMetadata = z.infer<typeof RunMetadata>;

/** A run of an opened Lab. */
export interface LabRun {
  readonly name: RunName;
  readonly metadataPath: string;
  readonly jobIds: readonly JobId[];
  /** The runs whose jobs must have ended first: with success when hard, in any way when soft. */
  readonly dependencies: ReadonlyMap<RunName, "hard" | "soft">;
  /** The container image that its jobs run in, relative to the Lab. */
  readonly image?: string;
}

/** A Lab's content, read and checked; what planning, sync and submission work on. */
export interface Lab {
  readonly hash: LabHash;
  readonly gitHash: string;
  /** Of the RepX that made it. */
  readonly repxVersion?: string;
  readonly manifest: LabManifest;
  readonly runs: ReadonlyMap<RunName, LabRun>;
  readonly groups: ReadonlyMap<string, readonly RunName[]>;
  readonly jobs: ReadonlyMap<JobId, LabJob>;
  /** Store paths that the jobs' programs need, as `/nix/store/...`; empty where the Lab names none. */
  readonly storePaths: readonly string[];
}
