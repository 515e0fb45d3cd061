/** How a person wants jobs to be planned, beside which ones. */
export interface PlanWishes {
  /** Jobs that were asked for run again though they succeeded; those that they need do not. */
  readonly isForced: boolean;
  /** As forced, but once: a success of this revision or a later one is reused. Noted in the record of every job that runs. */
  readonly rev: number | undefined;
  /** Only jobs whose last attempt did not succeed, with those that need them. */
  readonly isOnlyFailed: boolean;
  /** Only jobs that have these effective parameters, as they are written, with those that they need. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/** Runs what has not succeeded, and nothing else. */
export const NO_WISHES: PlanWishes = { isForced: false, rev: undefined, isOnlyFailed: false, parameters: [] };
