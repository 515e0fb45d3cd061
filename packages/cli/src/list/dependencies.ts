import type { Job, Lab } from "@repx/core/lab";
import { chooseJobs } from "../choose-jobs.ts";
import type { CommandCall } from "../command.ts";
import { count } from "../count.ts";
import { nameStage } from "../name-stage.ts";
import { makeIdRenderer } from "../short-ids.ts";
import { sortJobs } from "../sort-jobs.ts";

/** Lists what jobs depend on, as a tree that shows each job once. */
export async function listDependencies(lab: Lab, { screen, isSet }: CommandCall, name?: string): Promise<number> {
  const roots = await chooseRoots(lab, name);
  if (isSet("json")) {
    const jobs = lab.closure(roots).map(({ id, dependencies }) => [id, dependencies.map((one) => one.id)]);
    screen.printJson({ roots: roots.map(({ id }) => id), dependencies: Object.fromEntries(jobs) });
    return 0;
  }
  const renderId = makeIdRenderer(screen, lab.data.jobs.keys());
  const nameJob = (job: Job): string => (screen.isTerminal ? `${renderId(job.id)}  ${nameStage(job)}` : job.id);
  const seen = new Set<string>();
  const print = (job: Job, depth: number): void => {
    const isSeen = seen.has(job.id) && (job.dependencies.length > 0 || job.inputs.length > 0);
    seen.add(job.id);
    const note = isSeen ? screen.paint("dim", " (see above)") : "";
    screen.print(`${"  ".repeat(depth)}${nameJob(job)}${note}`);
    if (isSeen) return;
    for (const one of job.dependencies) print(one, depth + 1);
    for (const line of listRuns(lab, job)) screen.print(`${"  ".repeat(depth + 1)}${screen.paint("dim", line)}`);
  };
  for (const root of sortJobs(roots)) print(root, 0);
  return 0;
}

/** A run that a job reads from is one line: all of its jobs are meant. */
function listRuns(lab: Lab, { inputs }: Job): string[] {
  const kinds = new Map(inputs.flatMap((input) => (input.from === "run" ? [[input.run, input.kind]] : [])));
  return [...kinds].map(([name, kind]) => {
    const jobs = lab.runs().find((run) => run.name === name)?.jobIds.length ?? 0;
    return `run ${name} (${count(jobs, "job")}${kind === "soft" ? ", which may fail" : ""})`;
  });
}

/** The jobs of a run that no other one of it needs, so that the tree has every job below a root. */
async function chooseRoots(lab: Lab, name: string | undefined): Promise<readonly Job[]> {
  const jobs = new Set((await chooseJobs(lab, name)).flatMap((section) => section.jobs));
  const needed = new Set([...jobs].flatMap((job) => job.dependencies));
  return [...jobs].filter((job) => !needed.has(job));
}
