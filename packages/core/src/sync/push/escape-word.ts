import type { BytePath } from "../tree/tree-entry.ts";

/** Renders a path as a word of printable ASCII that `printf %b` turns into its bytes: words travel as UTF-8. */
export function escapeWord(path: BytePath): string {
  return path.replaceAll(/[^0-9A-Za-z/._+=-]/g, (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
