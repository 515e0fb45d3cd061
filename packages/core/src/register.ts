import { randomBytes } from "node:crypto";
import { registerSubmission } from "./coordinator.ts";
import type { ExperimentRequest, Registration } from "./experiment.ts";
import { SubmissionId, type JobId } from "./model/ids.ts";
import type { SubmittedJob } from "./model/protocol.ts";
import type { Study } from "./prepare.ts";
import type { Target } from "./target/config/config.ts";

/** A submission that has its id: the coordinator's, or one that was made here. */
export interface NamedSubmission {
  readonly id: SubmissionId;
  readonly registration: Registration | undefined;
}

/** Describes a job of a study for its registration. */
export function describeJob(
  { opened, dependencies }: Study,
  id: JobId,
  { isReused, metricsText }: { readonly isReused: boolean; readonly metricsText: string | undefined },
): SubmittedJob {
  const job = opened.lab.jobs.get(id);
  const upstream = (dependencies.get(id) ?? []).map((dependency) => dependency.id);
  return {
    id,
    stage: job?.name ?? id,
    parameters: job?.params ?? {},
    dependsOn: upstream.filter((other) => dependencies.has(other)),
    isReused,
    ...(metricsText === undefined ? {} : { metricsText }),
  };
}

/** Names a submission; where there is a coordinator, it knows of all jobs then. */
export async function nameSubmission(
  request: ExperimentRequest,
  study: Study,
  target: Target,
  jobs: ReadonlyMap<JobId, SubmittedJob>,
): Promise<NamedSubmission> {
  const { coordinator, commit, watch } = request;
  if (coordinator === undefined) return { id: makeSubmissionId(), registration: undefined };
  if (commit === undefined) throw new TypeError("a coordinator's checks belong to a commit, and none is given");
  watch.reporter.start("register");
  const receipt = await registerSubmission(coordinator.origin, await coordinator.requestIdToken(), {
    lab: study.opened.lab.hash,
    target: target.name,
    headSha: commit.headSha,
    ...(commit.pullRequest === undefined ? {} : { pullRequest: commit.pullRequest }),
    runs: study.runs.map((run) => ({ name: run.name, jobs: [...run.jobs] })),
    jobs: [...jobs.values()],
  });
  watch.onRegistered({ id: receipt.id, token: receipt.token });
  watch.reporter.finish("register", `submission ${receipt.id}`);
  return { id: receipt.id, registration: { id: receipt.id, token: receipt.token, url: receipt.url } };
}

/** 16 random bytes in the form in which a coordinator writes its ids. */
function makeSubmissionId(): SubmissionId {
  const number = BigInt(`0x${randomBytes(16).toString("hex")}`);
  return SubmissionId.parse(`s${number.toString(36).padStart(25, "0")}`);
}
