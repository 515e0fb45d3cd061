// Scatter-gather jobs as tasks of their own in SLURM. Pure.
import type { Batch, BatchDependency, SchedulableJob, TaskReference } from "./batches.ts";

/**
 * Gives each batch with scatter-gather jobs one before it that runs their scatters; its own tasks become the gathers, which are the
 * jobs to everybody else. Both wait for what the jobs wait for, so that what can never run is known at once. Numbers change.
 */
export function spreadParts(batches: readonly Batch[]): Batch[] {
  const numbers = new Map<number, number>();
  const spread: Batch[] = [];
  for (const batch of batches) {
    const dependency = renumber(batch.dependency, numbers);
    const hasParts = [...batch.tasks.values()].some(({ items }) => items !== undefined);
    const scatter = spread.length + 1;
    const number = hasParts ? scatter + 1 : scatter;
    numbers.set(batch.number, number);
    if (!hasParts) spread.push({ ...batch, number, dependency });
    else {
      // The scatter's task names, before it ends, what its gather waits for in the place of all this.
      const any = [...dependency.any, { batch: scatter }];
      spread.push({ ...batch, number: scatter, dependency, scatters: number, tasks: keepParts(batch.tasks) });
      spread.push({ ...batch, number, dependency: { ...dependency, any } });
    }
  }
  return spread;
}

function keepParts(tasks: Batch["tasks"]): ReadonlyMap<number, SchedulableJob> {
  return new Map([...tasks].filter(([, { items }]) => items !== undefined));
}

/** Arrays of other submissions keep the numbers that no batch has. */
function renumber({ corresponding, ok, any }: BatchDependency, numbers: ReadonlyMap<number, number>): BatchDependency {
  const rename = (number: number): number => numbers.get(number) ?? number;
  const renameAll = (references: readonly TaskReference[]): TaskReference[] =>
    references.map((reference) => ({ ...reference, batch: rename(reference.batch) }));
  return { corresponding: corresponding.map(rename), ok: renameAll(ok), any: renameAll(any) };
}
