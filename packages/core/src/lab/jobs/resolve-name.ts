// What a name on a command line or in an input means. The one rule for everything that takes such names.
import { RepxError } from "../../model/errors.ts";
import { findNearest } from "../../model/find-nearest.ts";
import type { JobId, RunName } from "../../model/ids.ts";
import type { Lab } from "../../model/lab.ts";
import { clipText, listSome } from "../clip-text.ts";

/** Runs, or jobs whose ids begin so. */
export type NamedPart =
  | { readonly kind: "runs"; readonly runs: readonly RunName[] }
  | { readonly kind: "jobs"; readonly jobs: readonly JobId[] };

const SHOWN = 8;

/**
 * Finds what a name means: a run, a `@group`, the beginning of one run's name, or the beginning of job ids, which are in
 * the order of `order`. LAB_RUN_UNKNOWN lists what there is.
 */
export function resolveName(lab: Lab, order: readonly JobId[], name: string): NamedPart {
  if (name.startsWith("@")) {
    const members = lab.groups.get(name.slice(1));
    if (members === undefined) throw refuseName(lab, name);
    return { kind: "runs", runs: members };
  }
  if (name === "") throw refuseName(lab, name);
  const begun = [...lab.runs.keys()].filter((run) => run.startsWith(name));
  const found = begun.find((run) => String(run) === name) ?? begun[0];
  if (found !== undefined && (begun.length === 1 || String(found) === name)) return { kind: "runs", runs: [found] };
  if (found !== undefined) {
    throw new RepxError(
      "LAB_RUN_UNKNOWN",
      `${JSON.stringify(clipText(name))} begins the names of ${begun.length} runs`,
      {
        hint: `Write one of them: ${listSome(begun, SHOWN)}.`,
        details: { runs: begun },
      },
    );
  }
  const jobs = order.filter((id) => id.startsWith(name));
  if (jobs.length === 0) throw refuseName(lab, name);
  return { kind: "jobs", jobs };
}

function refuseName(lab: Lab, name: string): RepxError {
  const names = [...lab.runs.keys(), ...[...lab.groups.keys()].map((group) => `@${group}`)];
  const kind = name.startsWith("@") ? "group" : "run or job";
  const nearest = findNearest(name, names);
  const list = `The Lab has ${listSome(names, SHOWN)}.`;
  const said = JSON.stringify(clipText(name));
  return new RepxError("LAB_RUN_UNKNOWN", `no ${kind} of the Lab is or begins with ${said}`, {
    hint: nearest === undefined ? list : `Did you mean ${nearest}? ${list}`,
    details: { names },
  });
}
