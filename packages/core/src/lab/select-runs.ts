import { RepxError } from "../model/errors.ts";
import type { RunName } from "../model/ids.ts";
import type { Lab } from "../model/lab.ts";
import { clipText, listSome } from "./clip-text.ts";

const SHOWN = 50;

/**
 * Picks runs by name or `@group`, all of them when no name is given, and adds the runs that those need with success.
 * The answer is in the Lab's order.
 */
export function selectRuns(lab: Lab, names: readonly string[]): RunName[] {
  const selected = new Set<RunName>();
  const waiting = names.length === 0 ? [...lab.runs.keys()] : names.flatMap((name) => findRuns(lab, name));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (selected.has(name)) continue;
    selected.add(name);
    for (const [upstream, kind] of lab.runs.get(name)?.dependencies ?? []) if (kind === "hard") waiting.push(upstream);
  }
  return [...lab.runs.keys()].filter((name) => selected.has(name));
}

/** Finds one run by its name, or the runs of an `@group`. LAB_RUN_UNKNOWN lists what there is. */
export function findRuns(lab: Lab, name: string): readonly RunName[] {
  const found = name.startsWith("@")
    ? lab.groups.get(name.slice(1))
    : [...lab.runs.keys()].filter((run) => String(run) === name);
  if (found !== undefined && (found.length > 0 || name.startsWith("@"))) return found;
  const groups = [...lab.groups.keys()].map((group) => `@${group}`);
  const kind = name.startsWith("@") ? "group" : "run";
  throw new RepxError("LAB_RUN_UNKNOWN", `the Lab has no ${kind} ${clipText(name)}`, {
    hint: `Known are: ${listSome([...lab.runs.keys(), ...groups], SHOWN)}.`,
    details: { runs: [...lab.runs.keys()], groups },
  });
}
