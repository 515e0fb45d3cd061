// The one door of the model, for the coordinator and for every part of the core.
export { parseCoordinatorOrigin } from "./coordinator-origin.ts";
export { findNearest } from "./find-nearest.ts";
export { CODES, isCode, RepxError, type Code } from "./errors.ts";
export { CommitSha, EventId, JobId, LabHash, RunName, SubmissionId } from "./ids.ts";
export {
  ErrorAnswer,
  EventReceipt,
  JobEvent,
  JobState,
  KnownLab,
  Pulse,
  SubmissionPolicy,
  SubmissionReceipt,
  SubmissionRequest,
  SubmissionView,
  Verdict,
  type CommentPolicy,
  type OrphanPolicy,
  type QueueLine,
  type SourceLine,
  type SubmittedJob,
} from "./protocol.ts";
export { hasParameter, readParameter, renderValue, type Parameters } from "./parameter-value.ts";
export { renderBytes } from "./render-bytes.ts";
export { isFinal, isSuccess, step, type EarlierAttempt, type JobRecord } from "./job-state.ts";
export { openSubmission, startRecord, type RunRecords, type Silence, type Submission } from "./submission.ts";
export { isConcluded, isOver } from "./verdict.ts";
export { summarizeRun, type RunSummary } from "./run-summary.ts";
export type { CheckAction } from "./report/actions.ts";
export { listChecks, type CheckName } from "./report/aggregate.ts";
export type { Annotation } from "./report/annotations.ts";
export { listAttempts, type AttemptView } from "./report/attempts.ts";
export { renderCheck, type CheckReport } from "./report/check-report.ts";
export { COMMENT_MARKER, isCommentWanted, renderComment } from "./report/comment.ts";
export type { Conclusion } from "./report/conclusion.ts";
export { renderEnd } from "./report/ends.ts";
export { LEFT_OUT } from "./report/logs.ts";
export type { ReportLinks } from "./report/run-report.ts";
export { renderGraphPicture } from "./picture/render-graph-picture.ts";
export { escapeMarkdown, renderCode, renderCodeBlock } from "./report/markdown.ts";
export { readMetrics, renderQuantity } from "./report/metrics.ts";
export { buildPicture, PICTURE_DEFAULTS } from "./picture/build-picture.ts";
export type { Picture, PictureOptions } from "./picture/picture.ts";
export { escapeXml, renderDot } from "./picture/render-dot.ts";
export { renderMermaid } from "./picture/render-mermaid.ts";
