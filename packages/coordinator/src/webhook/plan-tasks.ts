// Which tasks are done together, and how often one is tried. Pure. No I/O, no clock.
import type { RunName } from "@repx/core/model";
import type { Failure } from "../github/failure.ts";
import type { AnyWork, TaskPlace } from "./task.ts";
import type { Task } from "./webhook-store.ts";

/** Tasks that are done as one: the presses of one person on several checks of one submission. */
export interface TaskGroup {
  readonly ids: readonly string[];
  readonly place: TaskPlace;
  readonly kind: AnyWork["kind"];
  readonly work: AnyWork;
  /** The runs that were asked for, each once; empty where the work names none. */
  readonly runs: readonly RunName[];
  readonly at: number;
  readonly tries: number;
}

/** A task is tried for about an hour; then what it was about says so. */
export const MAX_TRIES = 6;

/** Puts together what is to be done in one go, in the order in which it was asked for. */
export function groupTasks(tasks: readonly Task[]): TaskGroup[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = renderKey(task);
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { place, work, at } = first;
    const runs = [
      ...new Set(group.flatMap(({ work: one }) => ("run" in one && one.run !== undefined ? [one.run] : []))),
    ];
    const tries = Math.max(...group.map((task) => task.tries));
    return [{ ids: group.map(({ id }) => id), place, kind: work.kind, work, runs, at, tries }];
  });
}

function renderKey({ id, work }: Task): string {
  if (work.kind !== "rerun" && work.kind !== "cancel") return id;
  // All runs are another wish than some.
  const reach = work.run === undefined ? "all" : "some";
  return `${work.kind}/${work.submission}/${work.who.id}/${reach}`;
}

/** When to try again after a failure; undefined when it is given up. */
export function planTry(failure: Failure, tries: number): number | undefined {
  return failure.kind === "refused" || tries + 1 >= MAX_TRIES ? undefined : failure.at;
}
