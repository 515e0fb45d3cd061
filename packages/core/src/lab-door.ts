// The door for analysis scripts and for all that looks at a Lab: `import { Lab } from "@repx/core/lab"`.
import { openLabView, type Lab as OpenedLab } from "./lab/lab-view.ts";

/** A Lab, read; `Lab.open` makes one. */
export type Lab = OpenedLab;

/** Opens Labs. */
export const Lab = { open: openLabView } as const;

export type { Params } from "./lab/jobs/effective-params.ts";
export type { JobFilter } from "./lab/jobs/filter-jobs.ts";
export type { JobInput } from "./lab/jobs/job-input.ts";
export type { JobStatus } from "./lab/status/job-status.ts";
export type { Job } from "./lab/jobs/job.ts";
export type { LabOptions, Run } from "./lab/lab-view.ts";
export type { Verification } from "./lab/verification/verify-once.ts";
export type { Lab as LabData } from "./model/lab.ts";
export { locateLab } from "./lab/locate-lab.ts";
export type { BuildProgress } from "./lab/nix/nix-log.ts";
