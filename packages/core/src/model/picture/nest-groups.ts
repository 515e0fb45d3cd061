import type { RunName } from "../ids.ts";
import { compareText } from "./compare-text.ts";

/** How a Lab's groups are drawn around its runs. */
export interface GroupNest {
  /** Each after the one that it lies in; `parent` is an index into this list. */
  readonly frames: readonly { readonly name: string; readonly runs: readonly RunName[]; readonly parent?: number }[];
  /** For every run that lies in a frame, the innermost one. */
  readonly frameOf: ReadonlyMap<RunName, number>;
  /** Groups that overlap with a frame without lying in it: they are told by name beside each of their runs. */
  readonly others: ReadonlyMap<RunName, readonly string[]>;
}

/** Finds which groups can be drawn as frames inside one another; larger ones come first. */
export function nestGroups(groups: ReadonlyMap<string, readonly RunName[]>, runs: readonly RunName[]): GroupNest {
  const members = new Map([...groups].map(([name, names]) => [name, new Set(names)]));
  const sorted = [...groups.keys()]
    .map((name) => ({ name, runs: runs.filter((run) => members.get(name)?.has(run) === true) }))
    .filter((group) => group.runs.length > 0)
    .toSorted((one, other) => other.runs.length - one.runs.length || compareText(one.name, other.name));
  const frames: { name: string; runs: RunName[]; parent?: number }[] = [];
  const frameOf = new Map<RunName, number>();
  const others = new Map<RunName, string[]>();
  for (const group of sorted) {
    const around = new Set(group.runs.map((run) => frameOf.get(run)));
    const [parent] = around;
    if (around.size > 1) {
      for (const run of group.runs) others.set(run, [...(others.get(run) ?? []), group.name]);
      continue;
    }
    frames.push({ ...group, ...(parent === undefined ? {} : { parent }) });
    for (const run of group.runs) frameOf.set(run, frames.length - 1);
  }
  return { frames, frameOf, others };
}
