// The ways in which a Lab is none: every one is LAB_INVALID, and its message begins with the Lab's path.
import { RepxError } from "../model/errors.ts";

const HINT = "Build the Lab again with `nix build`; if it was copied, copy it again whole.";

/** The error for a Lab that is not one: which file, and what was wrong with it. */
export function refuseLab(path: string, message: string, details?: unknown, cause?: unknown): RepxError {
  return new RepxError("LAB_INVALID", `${path}: ${message}`, { hint: HINT, details, cause });
}

/** The error for a file of a Lab that does not exist. */
export function refuseMissing(lab: string, file: string, cause?: unknown): RepxError {
  return refuseLab(lab, `${file} is missing`, { file }, cause);
}

/** The error for a path that a link leads out of the Lab. */
export function refuseEscape(lab: string, file: string): RepxError {
  return refuseLab(lab, `${file} leads out of the Lab`, { file });
}

/** The error for links that lead to each other. */
export function refuseLinks(lab: string, file: string, cause?: unknown): RepxError {
  return refuseLab(lab, `${file} leads through too many links, or in a circle`, { file }, cause);
}

/** The error for a path that is there and is no file. */
export function refuseKind(lab: string, file: string): RepxError {
  return refuseLab(lab, `${file} is not a file`, { file });
}

/** The error for a file that is larger than one of its kind may be. */
export function refuseSize(lab: string, file: string, bytes: number, maxBytes: number): RepxError {
  const message = `${file} has ${bytes} bytes; at most ${maxBytes} are read`;
  return refuseLab(lab, message, { file, bytes, maxBytes });
}
