import type { JobId } from "./model/ids.ts";
import type { Executable } from "./model/lab.ts";
import { readExecutable, type Study } from "./prepare.ts";
import type { JobIdentity } from "./schedule/job-identity.ts";

/** Describes what jobs are made from, as their records on the target will have it. Jobs with the same wires share a list. */
export function identifyJobs({ opened, dependencies }: Study, ids: readonly JobId[]): ReadonlyMap<JobId, JobIdentity> {
  const { lab } = opened;
  const hashes = new Map(lab.manifest.files.map((file) => [file.path, file.sha256]));
  const lists = new Map<unknown, JobId[]>();
  const describe = ({ path }: Executable): JobIdentity["executable"] => {
    const sha256 = hashes.get(path);
    return { path, ...(sha256 === undefined ? {} : { sha256 }) };
  };
  return new Map(
    ids.map((id): [JobId, JobIdentity] => {
      const job = lab.jobs.get(id);
      const upstream = dependencies.get(id) ?? [];
      const dependsOn = lists.get(upstream) ?? upstream.map((one) => one.id);
      lists.set(upstream, dependsOn);
      const identity = {
        id,
        ...(job === undefined ? {} : { stage: job.name }),
        parameters: job?.params ?? {},
        dependsOn,
        executable: describe(readExecutable(job, id)),
        ...(job?.stage_type === "scatter-gather" ? { executables: Object.values(job.executables).map(describe) } : {}),
      };
      return [id, identity];
    }),
  );
}
