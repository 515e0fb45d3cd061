/** How a check ended; a skipped one depends on another that failed, or has nothing to look at. */
export type CheckStatus = "ok" | "warning" | "failed" | "skipped";

/** The checks in the order in which they are made. */
export const CHECK_NAMES = [
  "config",
  "route",
  "connection",
  "host key",
  "login key",
  "login shell",
  "base path",
  "space",
  "tools",
  "hard links",
  "clock",
  "scheduler",
  "arrays",
  "namespaces",
  "epilog",
  "relay",
  "coordinator",
] as const;

/** What is checked. */
export type CheckName = (typeof CHECK_NAMES)[number];

/** One line of a diagnosis. */
export interface Check {
  readonly name: CheckName;
  readonly status: CheckStatus;
  /** What was found; of a skipped check why it was not made. */
  readonly message: string;
  /** What to do next, a command where possible. */
  readonly next?: string;
}
