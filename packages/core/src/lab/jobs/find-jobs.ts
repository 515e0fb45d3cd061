import { RepxError } from "../../model/errors.ts";
import type { JobId, RunName } from "../../model/ids.ts";
import { clipText } from "../clip-text.ts";
import type { LabIndex } from "../graph/lab-index.ts";
import { findRuns } from "../select-runs.ts";
import { readStageName } from "./stage-name.ts";

const SHOWN = 10;

/** Finds the one job whose id begins so: LAB_JOB_UNKNOWN for none, LAB_JOB_AMBIGUOUS for several. */
export function findJob(index: LabIndex, prefix: string): JobId {
  const found = index.order.filter((id) => prefix !== "" && id.startsWith(prefix));
  const whole = found.find((id) => String(id) === prefix) ?? found[0];
  if (whole === undefined) throw refuseUnknown(index, prefix);
  if (found.length === 1 || String(whole) === prefix) return whole;
  const candidates = found.toSorted();
  throw new RepxError("LAB_JOB_AMBIGUOUS", `${found.length} jobs begin with ${prefix}: ${listIds(candidates)}`, {
    hint: "Write more characters of the id.",
    details: { candidates: candidates.slice(0, SHOWN), count: candidates.length },
  });
}

/** Finds jobs by a run's name or an `@group` (the final jobs of each run), or by the beginning of an id. */
export function selectJobs(index: LabIndex, spec: string): readonly JobId[] {
  const isRun = [...index.lab.runs.keys()].some((name) => String(name) === spec);
  if (!isRun && !spec.startsWith("@")) return [findJob(index, spec)];
  const finals = new Set(findRuns(index.lab, spec).flatMap((name) => listFinals(index, name)));
  return index.order.filter((id) => finals.has(id));
}

/** The jobs of a run that no other job of the run reads from. */
function listFinals(index: LabIndex, name: RunName): JobId[] {
  const ids = index.lab.runs.get(name)?.jobIds ?? [];
  const read = new Set(ids.flatMap((id) => index.listUpstream(id)));
  return ids.filter((id) => !read.has(id));
}

function refuseUnknown(index: LabIndex, prefix: string): RepxError {
  const named = index.order.filter((id) => readStageName(index.lab, id) === prefix);
  const runs = [...index.lab.runs.keys()];
  const hint =
    named.length > 0
      ? `It is a stage: its jobs are ${listIds(named)}.`
      : `An id begins with 32 letters and digits, of which the first few do. Runs are: ${runs.slice(0, SHOWN).join(", ")}.`;
  const candidates = named.slice(0, SHOWN);
  return new RepxError("LAB_JOB_UNKNOWN", `no job's id begins with ${JSON.stringify(clipText(prefix))}`, {
    hint,
    details: { candidates, count: named.length },
  });
}

function listIds(ids: readonly JobId[]): string {
  const more = ids.length > SHOWN ? `, and ${ids.length - SHOWN} more` : "";
  return `${ids.slice(0, SHOWN).join(", ")}${more}`;
}
