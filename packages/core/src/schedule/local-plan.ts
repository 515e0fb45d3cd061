// The file that the agent of the scheduler `local` works by (target/agent-files.awk reads it). Pure.
import type { Batch, TaskReference } from "./batches.ts";
import { readLocalNeeds } from "./local-needs.ts";

/** Renders what each batch occupies and waits for; `isFailFast` ends the submission with its first failure. */
export function renderLocalPlan(batches: readonly Batch[], isFailFast: boolean): string {
  const rows = batches.map((batch) => renderBatch(batch).join("\t"));
  return `${[isFailFast ? "stop" : "continue", ...rows].join("\n")}\n`;
}

function renderBatch({ number, resources, dependency }: Batch): (string | number)[] {
  const needs = readLocalNeeds(resources);
  if (typeof needs === "string") throw new TypeError(`${needs} of batch ${number} was not checked`);
  const { corresponding, ok, any } = dependency;
  const waits = [corresponding.map((one) => ({ batch: one })), ok, any].map(renderList);
  return [number, needs.cpus, needs.memoryMebibytes, needs.seconds, ...waits];
}

function renderList(references: readonly TaskReference[]): string {
  if (references.length === 0) return "-";
  return references.map(({ batch, index }) => (index === undefined ? batch : `${batch}_${index}`)).join(",");
}
