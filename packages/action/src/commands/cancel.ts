import { reachTarget } from "@repx/core";
import { renderCode, RepxError } from "@repx/core/model";
import { cancelSubmissions, type SubmissionChoice } from "@repx/core/submissions";
import type { ActionCall } from "../call.ts";
import { findPullRequest } from "../commit.ts";
import { renderRows } from "../summary.ts";

/** Cancels submissions by their ids, or all open ones of a pull request. */
export async function runCancel(call: ActionCall): Promise<void> {
  const { host, reporter, route } = call;
  const choice = readChoice(call);
  reporter.start("connect");
  await using reached = await reachTarget(route);
  const { target, transport } = reached;
  reporter.finish("connect", `to ${transport.description}`);
  const ends = await cancelSubmissions(transport, target.basePath, choice);
  const rows = ends.map((end): readonly [string, string] =>
    "error" in end
      ? [end.id, `not cancelled: ${end.error.message}`]
      : [end.status.id, describeEnd(end.cancelled, end.kept)],
  );
  for (const [id, text] of rows) host.printLine(`${id}: ${text}`);
  if (rows.length === 0) host.printLine("nothing to cancel: no open submission is meant");
  host.setOutput("target", target.name);
  host.setOutput("submissions", rows.map(([id]) => id).join(" "));
  host.setOutput(
    "cancelled",
    ends.reduce((sum, end) => sum + ("error" in end ? 0 : end.cancelled), 0),
  );
  const whose = choice.pullRequest === undefined ? "" : ` of pull request ${choice.pullRequest.number}`;
  const head = `Cancelled ${rows.length} submissions${whose} on ${renderCode(target.name)}.`;
  await host.appendSummary(renderRows(head, ["submission", "what became of it"], rows));
}

function describeEnd(cancelled: number, kept: number): string {
  const told = cancelled === 0 ? "all its jobs had ended" : `${cancelled} jobs cancelled`;
  return kept === 0 ? told : `${told}, ${kept} stay: another submission waits for them`;
}

function readChoice({ host, inputs }: ActionCall): SubmissionChoice {
  if (inputs.submission.length > 0) return { beginnings: inputs.submission };
  const number = findPullRequest(host.event, inputs);
  if (number !== undefined) return { beginnings: [], pullRequest: { repository: host.event.repository, number } };
  throw new RepxError("INPUT_MISSING", "`command: cancel` is told neither `submission` nor `pull-request`", {
    hint: "Name what to cancel: `submission: ${{ inputs.submission }}`, or run on `pull_request: { types: [closed] }`.",
  });
}
