import type { CommandCall } from "../command.ts";
import { describeTarget, openTarget } from "../open-target.ts";
import { renderTable } from "../render-table.ts";

/** Lists a target's roots. */
export async function listRoots(call: CommandCall): Promise<number> {
  const { readRoots } = await import("@repx/core/gc");
  await using opened = await openTarget(call);
  const { roots } = await readRoots(opened.transport, opened.target.basePath);
  if (call.isSet("json")) {
    call.screen.printJson({ target: describeTarget(opened, opened.transport), roots });
    return 0;
  }
  if (roots.length === 0) {
    call.screen.note("(no roots)");
    return 0;
  }
  const head = ["LAB", "STATE", "KIND", "NAME", "REGISTERED"];
  const rows = roots.map(({ lab, state, kind, name, at = "" }) => [lab, state, kind, name, at]);
  for (const line of renderTable({ head, rows }, call.screen)) call.screen.print(line);
  return 0;
}
