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
  type CommentPolicy,
  type OrphanPolicy,
  type QueueLine,
  type SourceLine,
  type SubmittedJob,
} from "./protocol.ts";
export { hasParameter, readParameter, renderValue, type Parameters } from "./parameter-value.ts";
export { renderBytes } from "./render-bytes.ts";
export { isFinal, isSuccess, step, type JobRecord } from "./job-state.ts";
export {
  isConcluded,
  openSubmission,
  startRecord,
  summarizeRun,
  type RunRecords,
  type Silence,
  type Submission,
} from "./submission.ts";
export { renderCheck, renderEnd, type CheckReport } from "./report/check-report.ts";
export { COMMENT_MARKER, renderComment } from "./report/comment.ts";
export { renderGraphPicture } from "./picture/render-graph-picture.ts";
export { renderCode, renderCodeBlock } from "./report/markdown.ts";
export { buildPicture, PICTURE_DEFAULTS } from "./picture/build-picture.ts";
export type { Picture, PictureOptions } from "./picture/picture.ts";
export { escapeXml, renderDot } from "./picture/render-dot.ts";
export { renderMermaid } from "./picture/render-mermaid.ts";
