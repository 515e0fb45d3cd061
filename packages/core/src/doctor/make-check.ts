import type { Check, CheckName } from "./check.ts";
import type { TargetLook } from "./look-at-target.ts";

/** A check that is as it must be. */
export function pass(name: CheckName, message: string): Check {
  return { name, status: "ok", message };
}

/** A check that may be as it is. */
export function warn(name: CheckName, message: string, next: string): Check {
  return { name, status: "warning", message, next };
}

/** A check that stands in the way. */
export function fail(name: CheckName, message: string, next: string): Check {
  return { name, status: "failed", message, next };
}

/** A check that was not made. */
export function skip(name: CheckName, message: string): Check {
  return { name, status: "skipped", message };
}

/** The first value of a finding, without what a terminal would obey. */
export function readFinding({ findings }: TargetLook, key: string): string | undefined {
  return findings.get(key)?.[0]?.replaceAll(/\p{Cc}+/gu, " ");
}
