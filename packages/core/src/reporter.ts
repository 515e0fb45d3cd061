/** The steps of a submission, in their order; `jobs` follows them to their end. */
export type StepName = "build" | "connect" | "plan" | "register" | "sync" | "submit" | "jobs";

/** Who is told how a submission goes on. One step at a time; `fraction` is 0 to 1. */
export interface Reporter {
  start(step: StepName): void;
  progress(step: StepName, fraction: number, detail: string): void;
  finish(step: StepName, detail: string): void;
}
