import type { JobId } from "../../model/ids.ts";
import type { LabJob } from "../../model/lab.ts";
import type { LabIndex } from "../graph/lab-index.ts";

/** Parameters by name. */
export type Params = LabJob["params"];

/**
 * Traces parameters through the jobs whose outputs a job reads: those of its dependencies in the order of their ids, a later
 * one over an earlier one, and its own over all. Other runs' parameters are not its own.
 */
export function traceParams(index: LabIndex): (id: JobId) => Params {
  const traced = new Map<JobId, Params>();
  const merge = (id: JobId): Params => {
    const params: Params = {};
    for (const upstream of index.listUpstream(id)) Object.assign(params, traced.get(upstream));
    return Object.assign(params, index.lab.jobs.get(id)?.params);
  };
  return (id) => {
    // An explicit stack: a chain may be longer than the call stack is deep.
    const waiting = [id];
    for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
      const missing = traced.has(top) ? [] : index.listUpstream(top).filter((upstream) => !traced.has(upstream));
      for (const upstream of missing) waiting.push(upstream);
      if (missing.length > 0) continue;
      if (!traced.has(top)) traced.set(top, merge(top));
      waiting.pop();
    }
    return traced.get(id) ?? {};
  };
}

/** Finds one effective parameter of every job, without the others: undefined where a job has none of that name. */
export function traceParam(index: LabIndex, name: string): ReadonlyMap<JobId, Params[string]> {
  const found = new Map<JobId, Params[string]>();
  for (const id of index.order) {
    const own = index.lab.jobs.get(id)?.params ?? {};
    const from = Object.hasOwn(own, name)
      ? undefined
      : index.listUpstream(id).findLast((upstream) => found.has(upstream));
    const value = from === undefined ? (Object.hasOwn(own, name) ? own[name] : undefined) : found.get(from);
    if (value !== undefined) found.set(id, value);
  }
  return found;
}
