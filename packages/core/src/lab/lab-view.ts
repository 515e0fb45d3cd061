import type { JobId, LabHash, RunName } from "../model/ids.ts";
import type { Lab as LabData } from "../model/lab.ts";
import { findJob, selectJobs } from "./jobs/find-jobs.ts";
import { resolveName, type NamedPart } from "./jobs/resolve-name.ts";
import { filterJobs, type JobFilter } from "./jobs/filter-jobs.ts";
import { chooseTarget, startJobs, type Job } from "./jobs/job.ts";
import { readStatuses, type JobStatus } from "./status/job-status.ts";
import { indexLab } from "./graph/lab-index.ts";
import { listWarnings } from "./list-warnings.ts";
import { readLab } from "./metadata/open-lab.ts";
import { openSource } from "./source/open-source.ts";
import { locateCache, verifyOnce, type Verification } from "./verification/verify-once.ts";

/** How a Lab is opened. */
export interface LabOptions {
  /** A target's base path as this machine sees it: where outputs and statuses are looked for. */
  readonly target?: string;
  /** Where it is noted that a Lab was verified; `$XDG_CACHE_HOME/repx/verified` when not given. */
  readonly cacheFolder?: string;
}

/** A run: a named experiment. */
export interface Run {
  readonly name: RunName;
  /** The runs that it reads from: it waits for their success when hard, for their end when soft. */
  readonly dependencies: ReadonlyMap<RunName, "hard" | "soft">;
  readonly jobIds: readonly JobId[];
  /** The container image that its jobs run in, relative to the Lab. */
  readonly image?: string;
}

/** A Lab, read; nothing but its metadata was looked at. */
export interface Lab extends AsyncDisposable {
  /** As it was opened. */
  readonly path: string;
  readonly hash: LabHash;
  /** That the Lab's author gave it. */
  readonly version: string;
  readonly gitHash: string;
  /** The metadata as they are. */
  readonly data: LabData;
  /** What a person should know of, and may go on: another version of RepX made it. */
  readonly warnings: readonly string[];
  runs(): readonly Run[];
  groups(): ReadonlyMap<string, readonly RunName[]>;
  /** Finds the jobs that fit all that the filter says, each after all that it waits for. */
  jobs(filter?: JobFilter): Promise<readonly Job[]>;
  /** Finds a job by its id or the beginning of it. LAB_JOB_UNKNOWN, LAB_JOB_AMBIGUOUS. */
  job(prefix: string): Job;
  /** Finds jobs by a run's name or an `@group` (those that no other job of the run reads from), or one by its id. */
  select(spec: string): readonly Job[];
  /** Finds what a name means: a run, a `@group`, the beginning of one run's name, or the beginning of job ids. LAB_RUN_UNKNOWN. */
  resolve(name: string): NamedPart;
  /** Adds all jobs that those given need with success, other runs' as well; each after all that it waits for. */
  closure(jobs: readonly Job[]): readonly Job[];
  /** Reads where jobs stand, all of them when none are given, from the target's files at once. */
  statuses(jobs?: readonly Job[], target?: string): Promise<ReadonlyMap<JobId, JobStatus>>;
  /** Compares all files with the manifest's hashes, once as long as no file is touched. LAB_INVALID names what differs. */
  verify(): Promise<Verification>;
}

/** Opens a Lab: a folder (or a link to one, or the manifest in it), a tar, or a tar that zstd compressed. */
export async function openLabView(path: string, options: LabOptions = {}): Promise<Lab> {
  const { source, manifestPath } = await openSource(path);
  const read = await readLab(source, manifestPath);
  const { lab } = read;
  const index = indexLab(lab, read.order);
  const origin = { index, path, target: options.target };
  const find = startJobs(origin);
  return {
    path,
    hash: lab.hash,
    version: lab.manifest.lab_version,
    gitHash: lab.gitHash,
    data: lab,
    warnings: listWarnings(lab),
    runs: () => [...lab.runs.values()],
    groups: () => lab.groups,
    jobs: async (filter = {}) => (await filterJobs(origin, filter)).map(find),
    job: (prefix) => find(findJob(index, prefix)),
    select: (spec) => selectJobs(index, spec).map(find),
    resolve: (name) => resolveName(lab, read.order, name),
    closure: (jobs) => index.close(jobs.map(({ id }) => id)).map(find),
    statuses: async (jobs, target) =>
      readStatuses(index, chooseTarget(origin, target), jobs?.map(({ id }) => id) ?? index.order),
    verify: async () => verifyOnce(read, options.cacheFolder ?? locateCache()),
    // Files are opened for as long as they are read; this is where it would be said if that changed.
    [Symbol.asyncDispose]: async () => undefined,
  };
}
