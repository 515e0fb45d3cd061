import { resolve } from "node:path";
import { pullResults } from "@repx/core";
import { renderBytes, renderCode } from "@repx/core/model";
import type { ActionCall } from "../call.ts";
import { renderRows } from "../summary.ts";

/** Fetches what the jobs of the selected runs left that succeeded, into the folder of the input `to`. */
export async function runPull({ host, inputs, reporter, route }: ActionCall): Promise<void> {
  const folder = resolve(route.process.workFolder, inputs.to);
  const pulled = await pullResults({
    ...route,
    lab: inputs.lab,
    runs: inputs.runs,
    folder,
    parts: ["out", "repx"],
    match: inputs.match,
    watch: { reporter },
  });
  const present = pulled.jobs - pulled.missingJobs.length - pulled.unreadyJobs.length;
  const head = `${pulled.files} files (${renderBytes(pulled.bytes)}) of ${present} of ${pulled.jobs} jobs came to ${inputs.to}`;
  host.printLine(head);
  const rows = pulled.leftOut.map(({ path, sizeBytes, reason }): readonly [string, string] => [
    path,
    `${renderBytes(sizeBytes)}, left out: ${reason}`,
  ]);
  for (const [path, text] of rows) host.printLine(`  ${path}: ${text}`);
  host.setOutput("folder", folder);
  host.setOutput("files", pulled.files + pulled.skippedFiles);
  await host.appendSummary(renderRows(renderCode(head), ["file", "why it is not here"], rows));
}
