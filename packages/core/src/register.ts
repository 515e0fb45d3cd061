import { randomBytes } from "node:crypto";
import { registerSubmission } from "./coordinator.ts";
import type { ExperimentOutcome, ExperimentRequest, Registration } from "./experiment.ts";
import { RepxError } from "./model/errors.ts";
import { SubmissionId, type JobId } from "./model/ids.ts";
import type { Lab } from "./model/lab.ts";
import type { SourceLine, SubmittedJob } from "./model/protocol.ts";
import type { Study } from "./prepare.ts";
import type { Target } from "./target/config/config.ts";

/** What of a Lab a coordinator hears. */
export interface RegisteredStudy extends Pick<Study, "runs"> {
  readonly opened: { readonly lab: Pick<Lab, "hash" | "runs"> };
}

/** What the protocol takes of it. */
const LONGEST_REFERENCE = 500;

/** A submission that has its id: the coordinator's, or one that was made here. */
export interface NamedSubmission {
  readonly id: SubmissionId;
  readonly registration: Registration | undefined;
}

/** Describes a job of a study for its registration. */
export function describeJob(
  { opened, dependencies }: Study,
  id: JobId,
  {
    isReused,
    metricsText,
    resourcesAt,
  }: {
    readonly isReused: boolean;
    readonly metricsText: string | undefined;
    readonly resourcesAt?: SourceLine | undefined;
  },
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
    ...(resourcesAt === undefined ? {} : { resourcesAt }),
  };
}

/** Names a submission; where there is a coordinator, it knows of all jobs then. */
export async function nameSubmission(
  request: ExperimentRequest,
  study: RegisteredStudy,
  target: Target,
  jobs: ReadonlyMap<JobId, SubmittedJob>,
): Promise<NamedSubmission> {
  const { coordinator, commit, watch } = request;
  if (coordinator === undefined) {
    const id = makeSubmissionId();
    watch.onNamed?.(id);
    return { id, registration: undefined };
  }
  if (commit === undefined) throw new TypeError("a coordinator's checks belong to a commit, and none is given");
  watch.reporter.start("register");
  const receipt = await registerSubmission(coordinator.origin, await coordinator.requestIdToken(), {
    lab: study.opened.lab.hash,
    ...(request.lab.length > LONGEST_REFERENCE ? {} : { labReference: request.lab }),
    target: target.name,
    headSha: commit.headSha,
    ...(commit.pullRequest === undefined ? {} : { pullRequest: commit.pullRequest }),
    runs: markAdvisory(request, study).map(({ jobs: ids, ...run }) => ({ ...run, jobs: [...ids] })),
    ...(coordinator.policy === undefined ? {} : { policy: coordinator.policy }),
    jobs: [...jobs.values()],
  });
  watch.onRegistered({ id: receipt.id, token: receipt.token });
  watch.reporter.finish("register", `submission ${receipt.id}`);
  return { id: receipt.id, registration: { id: receipt.id, token: receipt.token, url: receipt.url } };
}

/** Says of each run whether its infrastructure trouble is advisory; a name that the Lab lacks is LAB_RUN_UNKNOWN. */
export function markAdvisory(
  { advisoryRuns = [] }: Pick<ExperimentRequest, "advisoryRuns">,
  { opened, runs }: RegisteredStudy,
): ExperimentOutcome["runs"] {
  const known = [...opened.lab.runs.keys()];
  const unknown = advisoryRuns.find((name) => !known.some((run) => run === name));
  if (unknown !== undefined) {
    throw new RepxError("LAB_RUN_UNKNOWN", `no run of the Lab is called ${unknown}, which is to be advisory`, {
      hint: `The Lab's runs are ${known.join(", ")}.`,
    });
  }
  return runs.map(({ name, jobs }) => ({ name, jobs, ...(advisoryRuns.includes(name) ? { isAdvisory: true } : {}) }));
}

/** 16 random bytes in the form in which a coordinator writes its ids. */
function makeSubmissionId(): SubmissionId {
  const number = BigInt(`0x${randomBytes(16).toString("hex")}`);
  return SubmissionId.parse(`s${number.toString(36).padStart(25, "0")}`);
}
