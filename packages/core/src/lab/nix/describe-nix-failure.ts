import { RepxError } from "../../model/errors.ts";
import type { NixLog } from "./nix-log.ts";

const LINES_SHOWN = 3;
const PREFIX = /^error:\s*/;
/** Numbered source lines and the caret below them; Nix's own advice, which the hint repeats where it fits. */
const NOISE = /^(?:[0-9]*\|.*|\|?\s*\^|\(use '--show-trace'.*)$/;
const REFUSAL = /^(?:error:\s*)?error\[[A-Z0-9_]+\]: /;

/** Tells why `nix build` failed. Its exit code is 1 for every reason, so the text decides what to advise. */
export function describeNixFailure(
  reference: string,
  log: Pick<NixLog, "errors" | "builderLines">,
  exitCode: number,
): RepxError {
  const lines = log.errors.map((line) => line.trim()).filter((line) => line !== "" && !NOISE.test(line));
  const refusal = findRefusal(lines) ?? findRefusal(log.builderLines);
  const reason = refusal?.message ?? summarize(lines, log.builderLines, exitCode);
  return new RepxError("NIX_BUILD_FAILED", `nix build ${reference} failed: ${reason}`, {
    hint: refusal?.hint ?? adviseNix(reference, `${reason}\n${log.errors.join("\n")}`),
    details: { errors: log.errors.slice(-20), builderLines: log.builderLines },
  });
}

/** What the definition library refused, evaluating or in a builder, with the hint that it gives on the next line. */
function findRefusal(lines: readonly string[]): { message: string; hint: string } | undefined {
  const at = lines.findLastIndex((line) => REFUSAL.test(line));
  const hint = lines[at + 1];
  if (at === -1 || hint?.startsWith("hint: ") !== true) return undefined;
  return { message: dropPrefix(lines[at] ?? ""), hint: hint.slice("hint: ".length) };
}

/** The last error with what it says below it; of a failed builder the first one to fail, and what it said last. */
function summarize(lines: readonly string[], builderLines: readonly string[], exitCode: number): string {
  const builder = findBuilder(lines.map(dropPrefix));
  if (builder !== undefined) return [builder, ...builderLines.slice(-1)].join(": ");
  if (lines.length === 0) return `nix ended with ${exitCode}`;
  const reason = lines.findLastIndex((line) => PREFIX.test(line));
  const shown = reason === -1 ? lines.slice(-LINES_SHOWN) : lines.slice(reason, reason + LINES_SHOWN);
  return shown.map(dropPrefix).join(" ");
}

/** The first builder that failed. Nix 2.34 says on two lines what the ones before it said on one. */
function findBuilder(lines: readonly string[]): string | undefined {
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("builder for '")) return line;
    const derivation = /^Cannot build '(?<path>[^']+)'\.$/.exec(line)?.groups?.["path"];
    const reason = /^Reason: builder (?<reason>failed.*?)\.?$/.exec(lines[index + 1] ?? "")?.groups?.["reason"];
    if (derivation !== undefined && reason !== undefined) return `builder for '${derivation}' ${reason}`;
  }
  return undefined;
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
  if (text.includes("lockfile contains mutable lock")) {
    return "Nix 2.26 or newer locked an input inside the flake's folder: use such a Nix, or remove flake.lock and lock again.";
  }
  if (
    /find a flake|does not contain a 'flake.nix'|is not part of a flake|No such file or directory|path '[^']*' does not exist|indirect flake reference/.test(
      text,
    )
  ) {
    return "Name a folder with a flake.nix, or a flake reference such as `.#lab`; Git must track the file.";
  }
  return `See where the evaluation failed: \`nix build ${reference} --show-trace\`.`;
}
