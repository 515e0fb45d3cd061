// The door for what becomes of submissions: `import { openWatch } from "@repx/core/submissions"`.
export { cancelSubmission } from "./schedule/cancel-submission.ts";
export {
  cancelSubmissions,
  reconcileSubmissions,
  type CancelledSubmission,
  type FoundSubmission,
  type SubmissionChoice,
} from "./schedule/each-submission.ts";
export { debugJob, type DebugRequest } from "./schedule/debug-job.ts";
export { planCancellation, type Cancellation } from "./schedule/plan-cancellation.ts";
export { listDependencies } from "./schedule/submission-plan.ts";
export { readJobWords, type JobWords } from "./schedule/watch/job-words.ts";
export { keepTrying } from "./schedule/watch/keep-trying.ts";
export { findJob, followLog, readLog, type JobAttempts, type LogRequest } from "./schedule/watch/job-log.ts";
export {
  listSubmissions,
  openWatch,
  type SubmissionList,
  type SubmissionStatus,
  type SubmissionWatch,
} from "./schedule/watch/open-watch.ts";
