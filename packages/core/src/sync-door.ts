// The door for what travels without a submission, a Lab to a target and results back: `import { sendLab } from "@repx/core/sync"`.
export {
  previewPull,
  pullOutputs,
  type JobPart,
  type LeftOut,
  type Pulled,
  type PullPreview,
  type PullRequest,
} from "./sync/pull/pull.ts";
export type { Pushed } from "./sync/push/push.ts";
export { measureSync, openSyncSource, planLabSync, sendLab, type SyncPlan, type SyncSource } from "./sync-lab.ts";
