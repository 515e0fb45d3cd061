// The door of the core: what the Action and the command line are made of.
export type {
  ExperimentOutcome,
  ExperimentRequest,
  RegisteredOutcome,
  ReachableTarget,
  SubmissionAccess,
} from "./experiment.ts";
export { followOnTarget } from "./follow-on-target.ts";
export { followSubmission } from "./follow.ts";
export { pullResults, type ResultsRequest } from "./pull-results.ts";
export { reachTarget, type ReachedTarget, type TargetRoute } from "./reach-target.ts";
export type { Reporter, StepName } from "./reporter.ts";
export { submitExperiment } from "./submit.ts";
export { takeBackSubmission, type SubmissionRoute, type TakenBack } from "./take-back.ts";
