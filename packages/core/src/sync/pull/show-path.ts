import type { BytePath } from "../tree/tree-entry.ts";

/** Decodes a path for people and for patterns; what is no UTF-8 becomes U+FFFD. */
export function showPath(path: BytePath): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** Tells whether a path may confuse whoever reads it: control characters, or bytes that are no UTF-8. */
export function isOddName(path: BytePath): boolean {
  const text = showPath(path);
  return /\p{Cc}/u.test(text) || Buffer.from(text, "utf8").toString("latin1") !== path;
}
