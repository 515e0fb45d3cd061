import type { Job } from "@repx/core/lab";

/** A program of a scatter-gather job: `scatter`, `step-<name>` or `gather`. */
export type Part = readonly [name: string, executable: Job["executables"][string]];

const STEP = "step-";

/** Orders the parts of a scatter-gather job as they run: scatter, each step after those that it waits for, gather. */
export function sortParts(executables: Job["executables"]): Part[] {
  const parts = Object.entries(executables);
  const steps = parts.filter(([name]) => name.startsWith(STEP));
  const before = parts.filter(([name]) => name === "scatter");
  const after = parts.filter(([name]) => name !== "scatter" && !name.startsWith(STEP));
  return [...before, ...sortSteps(steps), ...after];
}

function sortSteps(steps: readonly Part[]): Part[] {
  const sorted: Part[] = [];
  for (let left = [...steps]; left.length > 0; left = left.filter((step) => !sorted.includes(step))) {
    const waited = new Set(left.map(([name]) => name));
    const ready = left.filter(([, { deps }]) => (deps ?? []).every((name) => !waited.has(`${STEP}${name}`)));
    // Steps that wait for each other can be read of, though they cannot run.
    sorted.push(...(ready.length === 0 ? left : ready));
  }
  return sorted;
}
