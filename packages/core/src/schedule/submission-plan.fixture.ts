import { LabHash } from "../model/ids.ts";
import type { SubmissionPlan } from "./submission-plan.ts";

/** A plan of nothing, where nobody reads it. */
export const EMPTY_PLAN: SubmissionPlan = {
  createdAt: "2026-03-01T10:00:00Z",
  target: "cluster",
  lab: { hash: LabHash.parse("0c3f6w9x"), folder: "/nix/store/0c3f6w9x-lab" },
  runs: [],
  toRun: [],
  reused: [],
  shared: [],
  dependencies: [],
  jobs: [],
};
