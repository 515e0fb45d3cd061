import type { Batch } from "./batches.ts";

/** What repx-submit says in one line. */
export type SubmitWord =
  | { readonly kind: "accepted"; readonly number: number; readonly slurmId: string }
  | { readonly kind: "waiting"; readonly number: number; readonly seconds: number; readonly reason: string }
  | { readonly kind: "refused" | "busy" | "stopped" | "failed"; readonly number: number; readonly reason: string }
  | { readonly kind: "done" };

/**
 * Reads a line that repx-submit printed; undefined for any other. A login's start-up files may print whatever they like, so its
 * lines begin with a mark of ours.
 */
export function parseSubmitWord(line: string, mark: string): SubmitWord | undefined {
  if (!line.startsWith(`${mark} `)) return undefined;
  const [kind = "", count = "", ...words] = line.slice(mark.length + 1).split(" ");
  const [first = "", ...others] = words;
  const number = Number(count);
  switch (kind) {
    case "done":
      return { kind };
    case "accepted":
      return /^[0-9]+$/.test(first) ? { kind, number, slurmId: first } : undefined;
    case "waiting":
      return { kind, number, seconds: Number(first), reason: others.join(" ") };
    case "refused":
    case "busy":
    case "stopped":
    case "failed":
      return { kind, number, reason: words.join(" ").trim() };
    default:
      return undefined;
  }
}

/** How far a submission is, for whoever watches it. */
export interface SubmitProgress {
  readonly accepted: number;
  readonly detail: string;
}

/** Tells a word as progress; undefined for one that ends the submission. */
export function describeProgress(word: SubmitWord, total: number): SubmitProgress | undefined {
  if (word.kind === "accepted") {
    return { accepted: word.number, detail: `${word.number} of ${total} batches` };
  }
  if (word.kind !== "waiting") return undefined;
  const accepted = word.number - 1;
  return { accepted, detail: `${accepted} of ${total} batches, again in ${word.seconds} s: ${word.reason}` };
}

/** `12 jobs of stage threshold-1.0`. */
export function nameBatch(batch: Batch | undefined): string {
  if (batch === undefined) return "the submission";
  return `${batch.tasks.size} ${batch.tasks.size === 1 ? "job" : "jobs"} of stage ${batch.stage}`;
}
