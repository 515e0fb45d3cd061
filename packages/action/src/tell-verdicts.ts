import type { ActionCall } from "./call.ts";
import { renderVerdicts } from "./summary.ts";
import { hasPassed, isBlocking } from "./verdict.ts";

/** How a run ended. */
export interface RunEnd {
  readonly name: string;
  readonly verdict: string;
  /** One sentence. */
  readonly title: string;
}

/** Tells the workflow how the runs ended, in outputs, annotations and summary; the step fails when one blocks. */
export async function tellVerdicts(
  { host, inputs }: ActionCall,
  runs: readonly RunEnd[],
  where: string,
): Promise<void> {
  for (const run of runs) {
    host.printLine(`${run.name}: ${run.title}`);
    if (hasPassed(run)) continue;
    const level = isBlocking(run, inputs.advisory) ? "error" : "warning";
    host.annotate(level, `repx / ${run.name}`, `${run.title}\n${where}`);
  }
  const isBlocked = runs.some((run) => isBlocking(run, inputs.advisory));
  host.setOutput("passed", String(!isBlocked));
  host.setOutput("verdicts", JSON.stringify(Object.fromEntries(runs.map(({ name, verdict }) => [name, verdict]))));
  host.saveState("concluded", "true");
  await host.appendSummary(renderVerdicts(runs));
  if (isBlocked) process.exitCode = 1;
}
