import { reachTarget } from "@repx/core";
import { isConcluded, isFinal, renderCode } from "@repx/core/model";
import { reconcileSubmissions, type FoundSubmission, type SubmissionStatus } from "@repx/core/submissions";
import type { ActionCall } from "../call.ts";
import { renderRows } from "../summary.ts";

/** Starts killed relays of open submissions again and looks at each once; safe to repeat. */
export async function runReconcile(call: ActionCall): Promise<void> {
  const { host, inputs, reporter, route } = call;
  reporter.start("connect");
  await using reached = await reachTarget(route);
  const { target, transport } = reached;
  reporter.finish("connect", `to ${transport.description}`);
  const found = await reconcileSubmissions(transport, target.basePath, { beginnings: inputs.submission });
  const rows = found.map((one): readonly [string, string] => [one.status?.id ?? one.id, describeFound(one)]);
  for (const [id, text] of rows) host.printLine(`${id}: ${text}`);
  if (rows.length === 0) host.printLine(`no open submission on ${target.name}`);
  host.setOutput("target", target.name);
  host.setOutput("submissions", found.map(({ status, id }) => status?.id ?? id).join(" "));
  host.setOutput("open", found.filter(({ status }) => status !== undefined && !isConcluded(status)).length);
  const head = `Looked at ${rows.length} open submissions on ${renderCode(target.name)}.`;
  await host.appendSummary(renderRows(head, ["submission", "how it stands"], rows));
}

function describeFound({ status, error }: FoundSubmission): string {
  return status === undefined ? `cannot be looked at: ${error.message}` : describeStatus(status);
}

function describeStatus(status: SubmissionStatus): string {
  const { records, scheduler, isRelayAlive, handOver } = status;
  const states = [...records.values()].map(({ state }) => state);
  const ended = states.filter(isFinal).length;
  const relay = isRelayAlive ? "its relay is at work" : ended < states.length ? "its relay was started again" : "";
  return [
    `${ended} of ${states.length} jobs ended`,
    relay,
    scheduler.isUp ? "" : `the scheduler does not answer (${scheduler.error ?? "no reason given"})`,
    handOver === "broken" ? "handing it over broke off" : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
