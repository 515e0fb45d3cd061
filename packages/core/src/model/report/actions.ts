/** A button of a check, in the words of GitHub's REST API; a click comes back as `requested_action`. */
export interface CheckAction {
  /** At most 20 characters. */
  readonly identifier: string;
  /** At most 20 characters. */
  readonly label: string;
  /** At most 40 characters. */
  readonly description: string;
}

const RERUN_FAILED: CheckAction = {
  identifier: "rerun-failed",
  label: "Re-run failed",
  description: "Submit again what did not succeed",
};

const CANCEL: CheckAction = {
  identifier: "cancel",
  label: "Cancel jobs",
  description: "Take back what has not ended",
};

/** The buttons of a check, at most three: while it is open (GitHub shows none then, as yet), and when it has concluded. */
export function listActions(standing: { readonly isOver: boolean; readonly isPassed: boolean }): CheckAction[] {
  if (!standing.isOver) return [CANCEL];
  return standing.isPassed ? [] : [RERUN_FAILED];
}
