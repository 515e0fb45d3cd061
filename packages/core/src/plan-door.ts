// The door for whoever asks what would run: `import { planExperiment } from "@repx/core/plan"`.
export type { PlanRequest } from "./experiment.ts";
export { planExperiment, type ExperimentPlan } from "./plan-experiment.ts";
export type { Reason } from "./schedule/explain.ts";
export { NO_WISHES, type PlanWishes } from "./schedule/plan-wishes.ts";
export { renderPlan, type PlannedJob } from "./schedule/render-plan.ts";
