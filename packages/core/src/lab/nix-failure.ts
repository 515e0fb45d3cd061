import { RepxError } from "../model/errors.ts";
import type { NixLog } from "./nix-log.ts";

const LINES_SHOWN = 3;
const PREFIX = /^error:\s*/;
/** Numbered source lines and the caret below them. */
const EXCERPT = /^(?:[0-9]*\|.*|\|?\s*\^)$/;

/** Tells why `nix build` failed. Its exit code is 1 for every reason, so the text decides what to advise. */
export function describeNixFailure(
  reference: string,
  log: Pick<NixLog, "errors" | "builderLines">,
  exitCode: number,
): RepxError {
  const text = log.errors.join("\n");
  return new RepxError("NIX_BUILD_FAILED", `nix build ${reference} failed: ${summarize(log, exitCode)}`, {
    hint: adviseNix(reference, text),
    details: { errors: log.errors.slice(-20), builderLines: log.builderLines },
  });
}

/** The last error with what it says below it; of a failed builder the first one to fail, and what it said last. */
function summarize(log: Pick<NixLog, "errors" | "builderLines">, exitCode: number): string {
  const lines = log.errors.map((line) => line.trim()).filter((line) => line !== "" && !EXCERPT.test(line));
  const builder = lines.map(dropPrefix).find((line) => line.startsWith("builder for '"));
  if (builder !== undefined) return [builder, ...log.builderLines.slice(-1)].join(": ");
  if (lines.length === 0) return `nix ended with ${exitCode}`;
  const reason = lines.findLastIndex((line) => PREFIX.test(line));
  const shown = reason === -1 ? lines.slice(-LINES_SHOWN) : lines.slice(reason, reason + LINES_SHOWN);
  return shown.map(dropPrefix).join(" ");
}

function dropPrefix(line: string): string {
  return line.replace(PREFIX, "");
}

function adviseNix(reference: string, text: string): string {
  const derivation = /builder for '(?<path>[^']+)' failed/.exec(text)?.groups?.["path"];
  if (derivation !== undefined) return `Read the builder's whole log: \`nix log ${derivation}\`.`;
  if (text.includes("does not provide attribute")) {
    return `List what the flake offers: \`nix flake show ${reference.split("#")[0] ?? reference}\`.`;
  }
  if (/program 'git' failed with exit code 129|is not owned by current user/.test(text)) {
    return "Git refuses a repository of another user: `git config --global --add safe.directory <folder>`.";
  }
  if (
    /find a flake|does not contain a 'flake.nix'|is not part of a flake|No such file or directory|indirect flake reference/.test(
      text,
    )
  ) {
    return "Name a folder with a flake.nix, or a flake reference such as `.#lab`; Git must track the file.";
  }
  return `See where the evaluation failed: \`nix build ${reference} --show-trace\`.`;
}
