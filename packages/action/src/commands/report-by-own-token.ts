import { followOnTarget, reachTarget, type ExperimentOutcome } from "@repx/core";
import { summarizeRun, type Submission } from "@repx/core/model";
import type { ActionCall } from "../call.ts";
import { isFork, type Commit } from "../commit.ts";
import { openOwnReport, OWN_PERMISSIONS, type OwnReport } from "../own-token/open-report.ts";
import { renderReport } from "../own-token/render-report.ts";
import { openWordReader } from "../own-token/words.ts";
import { describeSubmission } from "../own-token/submission.ts";
import { tellVerdicts } from "../tell-verdicts.ts";

/** Follows a submission on the target to its end, and reports it by the job's own token where that may. */
export async function reportByOwnToken(call: ActionCall, commit: Commit, outcome: ExperimentOutcome): Promise<void> {
  const { host, inputs, reporter, route } = call;
  const origin = { ...commit, labReference: inputs.lab };
  const report = openReport(call, commit);
  let submission = describeSubmission(outcome, origin);
  if (outcome.submitted + outcome.shared > 0) {
    await report?.update(submission);
    await using reached = await reachTarget(route);
    const words = openWordReader(reached);
    await followOnTarget(reached, outcome.id, {
      reporter,
      onLook: async (look) => {
        submission = await words.addTo(describeSubmission(outcome, origin, look));
        await report?.update(submission);
      },
      onTrouble: ({ message }) => host.printLine(`${message}; trying again`),
    });
  }
  await report?.conclude(submission);
  await tellEnd(call, submission);
}

async function tellEnd(call: ActionCall, submission: Submission): Promise<void> {
  const runs = submission.runs.map(({ name }) => summarizeRun(submission, name));
  await tellVerdicts(call, runs, "The job summary has the failed jobs with the ends of their logs.");
  await call.host.appendSummary(renderReport(submission));
}

function openReport({ host, inputs }: ActionCall, { repository, pullRequest }: Commit): OwnReport | undefined {
  if (inputs.token === undefined) {
    host.annotate(
      "notice",
      "Reported in the job summary alone",
      `The input \`token\` is empty; it needs\n${OWN_PERMISSIONS}`,
    );
    return undefined;
  }
  return openOwnReport({
    github: host.openGitHub(inputs.token),
    repository,
    pullRequest,
    isFork: isFork(host.event),
    comment: inputs.policy.comment,
    detailsUrl: host.event.url,
    tell: host,
    onChecks: (checks) => host.saveState("checks", JSON.stringify(checks)),
  });
}
