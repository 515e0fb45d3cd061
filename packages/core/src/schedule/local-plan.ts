// The file that the agent of the scheduler `local` works by (target/agent-files.awk reads it). Pure.
import type { Batch, BatchDependency, TaskReference } from "./batches.ts";
import { readLocalNeeds } from "./local-needs.ts";

/** Renders what each batch occupies and waits for; `isFailFast` ends the submission with its first failure. */
export function renderLocalPlan(batches: readonly Batch[], isFailFast: boolean): string {
  const rows = batches.map((batch) => renderBatch(batch).join("\t"));
  return `${[isFailFast ? "stop" : "continue", ...rows].join("\n")}\n`;
}

function renderBatch({ number, resources, dependency }: Batch): (string | number)[] {
  const needs = readLocalNeeds(resources);
  if (typeof needs === "string") throw new TypeError(`${needs} of batch ${number} was not checked`);
  return [number, needs.cpus, needs.memoryMebibytes, needs.seconds, ...renderDependency(dependency)];
}

function renderDependency(dependency: BatchDependency): (string | number)[] {
  if (dependency.kind === "none") return ["none"];
  if (dependency.kind === "aftercorr") return ["aftercorr", dependency.batch];
  return ["after", renderList(dependency.ok), renderList(dependency.any)];
}

function renderList(references: readonly TaskReference[]): string {
  if (references.length === 0) return "-";
  return references.map(({ batch, index }) => (index === undefined ? batch : `${batch}_${index}`)).join(",");
}
