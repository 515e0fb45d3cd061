import type { CommitSha, JobId, LabHash, RunName, SubmissionId } from "./model/ids.ts";
import type { Lab } from "./model/lab.ts";
import type { SubmissionPolicy, SubmittedJob } from "./model/protocol.ts";
import type { Reporter } from "./reporter.ts";
import type { PlanWishes } from "./schedule/plan-wishes.ts";
import type { ExecutionType } from "./target/config/config-layer.ts";
import type { Target } from "./target/config/config.ts";
import type { Transport } from "./target/transport/transport.ts";

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
  readonly commit: Commit | undefined;
  /** The commit is a merge queue's: what has passed with the same Lab is not looked for on the target. False when absent. */
  readonly isMergeQueue?: boolean;
  /** Runs whose infrastructure trouble does not block the pull request; each is one of the Lab's. */
  readonly advisoryRuns?: readonly string[];
  readonly files: {
    readonly config: string;
    readonly resources: string | undefined;
    /** Folder of the programs that are deployed to the target; this core's own when not given. */
    readonly programs?: string;
  };
  readonly target: NamedTarget | ReachableTarget;
  /** Who is told of every end; without one the target alone keeps them. */
  readonly coordinator: CoordinatorAccess | undefined;
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
    /** Called as soon as the submission has its id where no coordinator is named, before anything of it is sent. */
    readonly onNamed?: (id: SubmissionId) => void;
  };
}

/** What a plan is made from: nothing of it speaks to the coordinator. */
export type PlanRequest = Pick<
  ExperimentRequest,
  "lab" | "runs" | "wishes" | "runtime" | "files" | "target" | "process"
> & {
  readonly watch: Pick<ExperimentRequest["watch"], "reporter">;
};

/** Where a coordinator is, what proves to it who submits, and what is wished of it. */
export interface CoordinatorAccess {
  readonly origin: string;
  readonly requestIdToken: () => Promise<string>;
  /** Its own defaults when absent. */
  readonly policy?: SubmissionPolicy;
}

/** What a submission's code comes from. */
export interface Commit {
  readonly headSha: CommitSha;
  readonly pullRequest: number | undefined;
  /** `owner/name`; pull requests of several repositories may share a target. */
  readonly repository?: string;
}

/** A target of a config file, with what opens it. */
export interface NamedTarget {
  readonly name: string | undefined;
  /** Private key as text; the target's `identity_file` when absent. */
  readonly privateKey: string | undefined;
  /** Of the private key, or of the `identity_file`. */
  readonly passphrase: string | undefined;
  /** Lines of a known_hosts file; the target's `known_hosts` when absent. */
  readonly knownHosts: string | undefined;
}

/** A target that was found already, and the way there; whoever gives it closes it. */
export interface ReachableTarget {
  readonly found: Target;
  readonly open: () => Promise<Transport>;
}

/** A submission with the token that speaks for it. */
export interface SubmissionAccess {
  readonly id: SubmissionId;
  readonly token: string;
}

/** A submission that a coordinator knows. */
export interface Registration extends SubmissionAccess {
  /** Where a person follows it. */
  readonly url: string;
}

/** A request whose submission a coordinator is to know. */
export type RegisteredRequest = ExperimentRequest & {
  readonly coordinator: NonNullable<ExperimentRequest["coordinator"]>;
  readonly commit: Commit;
};

/** What was handed over of such a request. */
export type RegisteredOutcome = ExperimentOutcome & { readonly registration: Registration };

/** What was handed over. */
export interface ExperimentOutcome {
  readonly id: SubmissionId;
  /** Missing where no coordinator was named. */
  readonly registration: Registration | undefined;
  readonly labHash: LabHash;
  /** What was planned, for whoever draws it. */
  readonly lab: Lab;
  readonly target: string;
  readonly runs: readonly { readonly name: RunName; readonly jobs: readonly JobId[]; readonly isAdvisory?: boolean }[];
  readonly jobs: ReadonlyMap<JobId, SubmittedJob>;
  /** How many jobs the scheduler was given; the others were reused, or other submissions have them in the queue. */
  readonly submitted: number;
  /** How many jobs of other submissions are waited for. */
  readonly shared: number;
}
