import { renderCheck, summarizeRun, type Submission } from "@repx/core/model";
import { hasPassed } from "../verdict.ts";

/** A job summary holds 1 MiB a step, and is refused whole above that. */
const MOST_BYTES = 900_000;

/** Renders for the job summary what the checks say, those of the runs that did not pass first. Pure. */
export function renderReport(submission: Submission): string {
  const runs = submission.runs
    .map(({ name }) => ({ name, passed: hasPassed(summarizeRun(submission, name)) }))
    .toSorted((left, right) => Number(left.passed) - Number(right.passed));
  const blocks: string[] = [];
  let bytes = 0;
  for (const [at, { name }] of runs.entries()) {
    const { summary, text } = renderCheck(submission, name);
    const block = [`### ${name}`, summary, ...(text === "" ? [] : [text])].join("\n\n");
    bytes += Buffer.byteLength(block);
    if (bytes > MOST_BYTES) {
      blocks.push(`_${runs.length - at} more left out: a job summary holds 1 MiB._`);
      break;
    }
    blocks.push(block);
  }
  return `${blocks.join("\n\n")}\n`;
}
