import { posix } from "node:path";
import type { RepxError } from "../../model/errors.ts";

/**
 * Normalizes the absolute path of a folder on a target; `refuse` makes the error of a hint. It becomes part of batch
 * scripts, so it is one printable line.
 */
export function normalizeTargetPath(path: string, refuse: (hint: string) => RepxError): string {
  if (path === "~" || path.startsWith("~/")) {
    throw refuse("Write the absolute path; ~ would be another home on every machine.");
  }
  if (!path.startsWith("/") || posix.normalize(path) === "/") throw refuse("Write an absolute path of a folder.");
  if (/\p{Cc}/u.test(path)) throw refuse("Remove the control characters.");
  return posix.normalize(path).replace(/\/$/, "");
}
