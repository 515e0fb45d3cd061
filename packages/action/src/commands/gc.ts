import { reachTarget } from "@repx/core";
import { collectGarbage, countFreed } from "@repx/core/gc";
import { renderBytes, renderCode } from "@repx/core/model";
import type { ActionCall } from "../call.ts";
import { renderRows } from "../summary.ts";

/** Removes from the target what no root keeps, as `repx gc --yes` does. */
export async function runGc({ host, reporter, route }: ActionCall): Promise<void> {
  reporter.start("connect");
  await using reached = await reachTarget(route);
  const { target, transport } = reached;
  reporter.finish("connect", `to ${transport.description}`);
  const request = { basePath: target.basePath, isDryRun: false, isPinnedOnly: false, programs: route.programs };
  const report = await collectGarbage(transport, request);
  const freed = countFreed(report.freed);
  const bytes = freed.reduce((sum, one) => sum + one.bytes, 0);
  const rows = freed.map((one): readonly [string, string] => [one.kind, `${one.count}, ${renderBytes(one.bytes)}`]);
  const head = report.isRootless
    ? "no submission has registered a root yet: nothing goes"
    : `freed ${renderBytes(bytes)} on ${target.name}, ${report.open.length} submissions are open`;
  host.printLine(head);
  for (const [kind, text] of rows) host.printLine(`  ${kind}: ${text}`);
  for (const place of report.left) host.annotate("warning", "Not removed", `${place} could not be removed.`);
  host.setOutput("target", target.name);
  host.setOutput("freed-bytes", bytes);
  await host.appendSummary(renderRows(renderCode(head), ["what", "freed"], rows));
  if (report.left.length > 0) process.exitCode = 1;
}
