import type { GcReport } from "@repx/core/gc";
import { renderBytes, RepxError } from "@repx/core/model";
import { askPerson, canAskPerson } from "../ask-person.ts";
import type { CommandCall } from "../command.ts";
import { describeTarget, openTarget, type OpenedTarget } from "../open-target.ts";
import { renderReport } from "./render-report.ts";

/** Says what would go, asks, and removes it. */
export async function collect(call: CommandCall): Promise<number> {
  const isDryRun = call.isSet("dry-run");
  const mayAsk = canAskPerson(call.screen) && !call.isSet("json");
  if (!isDryRun && !call.isSet("yes") && !mayAsk) {
    throw new RepxError("INPUT_MISSING", "nobody is here to be asked whether it may go", {
      hint: "Add --yes to remove it, or --dry-run to see it.",
    });
  }
  await using opened = await openTarget(call);
  if (isDryRun) return tell(call, opened, await run(call, opened, true));
  if (call.isSet("yes")) return tell(call, opened, await run(call, opened, false));
  const planned = await run(call, opened, true);
  await tell(call, opened, planned, true);
  if (planned.freed.length === 0) return 0;
  const bytes = planned.freed.reduce((sum, one) => sum + one.bytes, 0);
  const answer = await askPerson(`Remove ${renderBytes(bytes)}? [y/N] `, new AbortController().signal);
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
    call.screen.note("Nothing was removed.");
    return 0;
  }
  return tell(call, opened, await run(call, opened, false));
}

async function run(call: CommandCall, { transport, target }: OpenedTarget, isDryRun: boolean): Promise<GcReport> {
  const { collectGarbage } = await import("@repx/core/gc");
  const { basePath } = target;
  call.screen.showBar(isDryRun ? "looking what nothing keeps" : "removing what nothing keeps");
  try {
    return await collectGarbage(transport, { basePath, isDryRun, isPinnedOnly: call.isSet("pinned-only") });
  } finally {
    call.screen.showBar("");
  }
}

/** The exit status is 1 when something of ours could not be removed. */
async function tell(
  call: CommandCall,
  opened: OpenedTarget,
  report: GcReport,
  isDryRun = call.isSet("dry-run"),
): Promise<number> {
  const { countFreed } = await import("@repx/core/gc");
  const freed = countFreed(report.freed);
  const target = describeTarget(opened, opened.transport);
  if (call.isSet("json")) {
    const bytes = freed.reduce((sum, one) => sum + one.bytes, 0);
    const { freed: places, isRootless: rootless, ...rest } = report;
    call.screen.printJson({ target, dryRun: isDryRun, rootless, bytes, freed, places, ...rest });
  } else {
    const where = opened.target.address === undefined ? target.basePath : `${target.name} (${target.where})`;
    for (const line of renderReport(report, freed, { where, isDryRun, screen: call.screen })) call.screen.print(line);
  }
  return report.left.length === 0 ? 0 : 1;
}
