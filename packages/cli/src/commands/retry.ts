import { Lab } from "@repx/core/lab";
import { isConcluded, isFinal, isSuccess, RepxError } from "@repx/core/model";
import type { SubmissionStatus } from "@repx/core/submissions";
import type { Command, CommandCall } from "../command.ts";
import { count } from "../count.ts";
import { CONNECT_FLAGS, findTarget, openTarget, type FoundTarget } from "../open-target.ts";
import { parseSubmissionWord, SUBMISSION_OPERAND } from "../submission/submission-words.ts";
import { submitRuns } from "../submission/submit-runs.ts";

const SHORT = 8;

/** Submits again what did not succeed. */
export const RETRY: Command = {
  name: "retry",
  summary: "submit again what did not succeed of a submission",
  description:
    "With the same runs of the same Lab, from this machine; what has succeeded meanwhile is reused. Where the Lab is no " +
    "longer here, the message says how to come by it.",
  operands: [SUBMISSION_OPERAND],
  flags: { ...CONNECT_FLAGS, wait: { short: "w", summary: "stay until every job has ended, as with `repx run`" } },
  examples: ["repx retry", "repx retry s3k4 --wait"],
  run: runRetry,
};

async function runRetry(call: CommandCall): Promise<number> {
  const word = parseSubmissionWord(call.operands[0]);
  const found = await findTarget(call);
  const status = await look(call, found, word);
  refuseOpen(status);
  const { plan } = status;
  await requireLab(status);
  const { NO_WISHES } = await import("@repx/core/plan");
  const lost = plan.jobs.filter(({ id }) => !isSuccess(status.records.get(id)?.state ?? "queued")).map(({ id }) => id);
  return submitRuns(call, found, {
    lab: plan.lab.folder,
    // By the jobs: the submission may have had a part of its runs alone.
    runs: lost.length > 0 ? lost : plan.jobs.map(({ id }) => id),
    ...(plan.runtime === undefined ? {} : { runtime: plan.runtime }),
    ...(plan.rev === undefined ? {} : { wishes: { ...NO_WISHES, rev: plan.rev } }),
    resources: plan.resources,
    waits: call.isSet("wait"),
  });
}

async function look(call: CommandCall, found: FoundTarget, word: string | undefined): Promise<SubmissionStatus> {
  const { openWatch } = await import("@repx/core/submissions");
  await using opened = await openTarget(call, found);
  return await openWatch(opened.transport, found.target.basePath, word).look();
}

/** A second job of the same name would only wait for the first. */
function refuseOpen(status: SubmissionStatus): void {
  if (isConcluded(status)) return;
  const open = status.plan.jobs.filter(({ id }) => !isFinal(status.records.get(id)?.state ?? "queued")).length;
  throw new RepxError(
    "SUBMISSION_OPEN",
    `${count(open, "job")} of submission ${status.id} ${open === 1 ? "has" : "have"} not ended`,
    {
      hint: `Wait for them with \`repx wait ${status.id}\`, or take them back with \`repx cancel ${status.id}\`.`,
    },
  );
}

async function requireLab({ plan }: SubmissionStatus): Promise<void> {
  const { hash, folder } = plan.lab;
  const found = await readHash(folder);
  if (found === hash) return;
  const runs = plan.runs.map(({ name }) => name).join(" ");
  const checkout =
    plan.commit === undefined ? "check out the commit that it was built from" : `\`git checkout ${plan.commit}\``;
  const what = found === undefined ? "is not on this machine" : `is another one now, ${found.slice(0, SHORT)}`;
  throw new RepxError("LAB_MISSING", `the Lab of the submission, ${hash.slice(0, SHORT)} in ${folder}, ${what}`, {
    hint: `Build it again: ${checkout}, then \`repx run ${runs}\`. What has succeeded is not run twice.`,
  });
}

async function readHash(folder: string): Promise<string | undefined> {
  try {
    await using lab = await Lab.open(folder);
    return lab.hash;
  } catch (error) {
    if (error instanceof RepxError) return undefined;
    throw error;
  }
}
