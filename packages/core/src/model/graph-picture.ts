import type { JobId } from "./ids.ts";
import type { SubmittedJob } from "./protocol.ts";

/** Draws the job graph as Mermaid, one node a stage of a run with its number of jobs, edges from producer to consumer. */
export function renderGraphPicture(
  runs: readonly { readonly name: string; readonly jobs: readonly JobId[] }[],
  jobs: ReadonlyMap<JobId, SubmittedJob>,
): string {
  const nodeOf = new Map<JobId, string>();
  const lines = ["graph LR"];
  let nodes = 0;
  for (const [runIndex, run] of runs.entries()) {
    const stages = Map.groupBy(
      run.jobs.filter((id) => !nodeOf.has(id)),
      (id) => jobs.get(id)?.stage ?? "unknown",
    );
    lines.push(`  subgraph r${runIndex}["${escapeLabel(run.name)}"]`);
    for (const [stage, ids] of stages) {
      const node = `s${nodes++}`;
      for (const id of ids) nodeOf.set(id, node);
      const reused = ids.filter((id) => jobs.get(id)?.isReused === true).length;
      lines.push(`    ${node}["${escapeLabel(stage)}<br/>${renderCount(ids.length, reused)}"]`);
    }
    lines.push("  end");
  }
  return [...lines, ...renderEdges(nodeOf, jobs)].join("\n");
}

function renderCount(total: number, reused: number): string {
  const jobs = total === 1 ? "1 job" : `${total} jobs`;
  return reused === 0 ? jobs : `${jobs}, ${reused} reused`;
}

function renderEdges(nodeOf: ReadonlyMap<JobId, string>, jobs: ReadonlyMap<JobId, SubmittedJob>): string[] {
  const edges = new Set<string>();
  for (const [id, node] of nodeOf) {
    for (const upstream of jobs.get(id)?.dependsOn ?? []) {
      const from = nodeOf.get(upstream);
      if (from !== undefined && from !== node) edges.add(`  ${from} --> ${node}`);
    }
  }
  return [...edges];
}

/** Mermaid ends a quoted label at a double quote and reads HTML entities with '#' (mermaid.js.org, "Entity codes"). */
function escapeLabel(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 ._+:@/-]/g, (char) => `#${char.codePointAt(0)};`);
}
