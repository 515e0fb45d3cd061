import type { Job, Lab } from "@repx/core/lab";
import { RepxError } from "@repx/core/model";
import { advise, listWords } from "./advise.ts";

/** Jobs under the name by which they were asked for. */
export interface JobSection {
  readonly title: string;
  readonly jobs: readonly Job[];
}

/**
 * Finds what a name means: a run, a `@group`, the beginning of one run's name, or the beginning of job ids.
 * Without a name: every run. LAB_RUN_UNKNOWN lists what there is.
 */
export async function chooseJobs(lab: Lab, name: string | undefined): Promise<JobSection[]> {
  const runs = lab.runs().map((run) => String(run.name));
  if (name === undefined) return collectRuns(lab, runs);
  if (name.startsWith("@")) {
    const members = lab.groups().get(name.slice(1));
    if (members === undefined) throw refuseName(lab, name);
    return collectRuns(lab, members);
  }
  const begun = runs.includes(name) ? [name] : runs.filter((run) => run.startsWith(name));
  const [only] = begun;
  if (only !== undefined && begun.length === 1) return collectRuns(lab, [only]);
  if (begun.length > 1) {
    throw new RepxError("LAB_RUN_UNKNOWN", `${JSON.stringify(name)} begins the names of ${begun.length} runs`, {
      hint: `Write one of them: ${begun.join(", ")}.`,
      details: { runs: begun },
    });
  }
  const jobs = (await lab.jobs()).filter(({ id }) => id.startsWith(name));
  if (jobs.length === 0) throw refuseName(lab, name);
  return [{ title: name, jobs }];
}

async function collectRuns(lab: Lab, names: readonly string[]): Promise<JobSection[]> {
  return Promise.all(names.map(async (name) => ({ title: name, jobs: await lab.jobs({ run: name }) })));
}

function refuseName(lab: Lab, name: string): RepxError {
  const names = [...lab.runs().map((run) => String(run.name)), ...[...lab.groups().keys()].map((group) => `@${group}`)];
  const kind = name.startsWith("@") ? "group" : "run or job";
  return new RepxError("LAB_RUN_UNKNOWN", `no ${kind} of the Lab is or begins with ${JSON.stringify(name)}`, {
    hint: advise(name, names, `The Lab has ${listWords(names)}.`),
    details: { names },
  });
}
