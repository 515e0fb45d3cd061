import type { CommitSha, JobId, LabHash, RunName, SubmissionId } from "./model/ids.ts";
import type { Lab } from "./model/lab.ts";
import type { SubmittedJob } from "./model/protocol.ts";
import type { Reporter } from "./reporter.ts";
import type { PlanWishes } from "./schedule/plan-wishes.ts";
import type { ExecutionType } from "./target/config/config-layer.ts";

/** What is to be submitted, where to, and who wants to know. */
export interface ExperimentRequest {
  /** A flake reference, or the folder of a Lab. */
  readonly lab: string;
  /** Runs, `@groups`, or beginnings of a run's name or of one job's id; none means all runs. */
  readonly runs: readonly string[];
  /** What all jobs are to run in; the target's config chooses when absent. What cannot be met is refused (RUNTIME_…). */
  readonly runtime?: ExecutionType;
  /** None when not given. */
  readonly wishes?: PlanWishes;
  /** Cancels what has not ended when the first job fails. Of the scheduler `local` alone; false when absent. */
  readonly isFailFast?: boolean;
  readonly commit: { readonly headSha: CommitSha; readonly pullRequest: number | undefined };
  readonly files: {
    readonly config: string;
    readonly resources: string | undefined;
    /** Folder of the programs that are deployed to the target. */
    readonly programs: string;
  };
  readonly target: {
    readonly name: string | undefined;
    /** Private key as text; the target's `identity_file` when absent. */
    readonly privateKey: string | undefined;
    /** Of the private key, or of the `identity_file`. */
    readonly passphrase: string | undefined;
    /** Lines of a known_hosts file; the target's `known_hosts` when absent. */
    readonly knownHosts: string | undefined;
  };
  readonly coordinator: { readonly origin: string; readonly requestIdToken: () => Promise<string> };
  readonly process: {
    readonly environment: Readonly<Record<string, string>>;
    readonly workFolder: string;
    /** Ours alone, removed by the caller: the submission's files, its token among them, lie here while they are sent. */
    readonly temporaryFolder: string;
    readonly now: () => Date;
  };
  readonly watch: {
    readonly reporter: Reporter;
    /** Called as soon as the coordinator knows the submission, before anything is sent to the target. */
    readonly onRegistered: (submission: SubmissionAccess) => void;
  };
}

/** What a plan is made from: nothing of it speaks to the coordinator. */
export type PlanRequest = Pick<ExperimentRequest, "lab" | "runs" | "wishes" | "files" | "target" | "process"> & {
  readonly watch: Pick<ExperimentRequest["watch"], "reporter">;
};

/** A submission with the token that speaks for it. */
export interface SubmissionAccess {
  readonly id: SubmissionId;
  readonly token: string;
}

/** What was handed over. */
export interface ExperimentOutcome {
  readonly submission: SubmissionAccess;
  readonly url: string;
  readonly labHash: LabHash;
  /** What was planned, for whoever draws it. */
  readonly lab: Lab;
  readonly target: string;
  readonly runs: readonly { readonly name: RunName; readonly jobs: readonly JobId[] }[];
  readonly jobs: ReadonlyMap<JobId, SubmittedJob>;
  /** How many jobs the scheduler was given; the others were reused, or other submissions have them in the queue. */
  readonly submitted: number;
  /** How many jobs of other submissions are waited for. */
  readonly shared: number;
}
