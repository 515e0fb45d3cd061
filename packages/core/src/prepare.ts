// What is known before anything leaves this machine: the Lab, the target, and what the jobs ask of it.
import { readFile } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import type { ExperimentRequest, PlanRequest } from "./experiment.ts";
import { locateLab } from "./lab/locate-lab.ts";
import { openLab, type OpenLab } from "./lab/metadata/open-lab.ts";
import { locateCache, verifyOnce } from "./lab/verification/verify-once.ts";
import { selectWanted, type JobSelection } from "./lab/job-selection.ts";
import { RepxError } from "./model/errors.ts";
import type { JobId } from "./model/ids.ts";
import type { Executable, LabJob } from "./model/lab.ts";
import type { SourceLine } from "./model/protocol.ts";
import { chooseTarget, type Target } from "./target/config/config.ts";
import { readConfig } from "./target/config/find-config.ts";
import { locateRule } from "./target/config/locate-rule.ts";
import { parseResources, type Resources } from "./target/config/resources.ts";

/** A Lab with the part of it that is wanted. */
export interface Study extends JobSelection {
  readonly opened: OpenLab;
  readonly storeRoot: string;
}

/** Builds or finds the Lab, and selects jobs. */
export async function prepareStudy(request: PlanRequest): Promise<Study> {
  const { reporter } = request.watch;
  reporter.start("build");
  const located = await locateLab({
    reference: request.lab,
    environment: request.process.environment,
    cwd: request.process.workFolder,
    onProgress: ({ done, expected }) =>
      reporter.progress("build", done / Math.max(1, expected), `${done} of ${expected} built`),
  });
  const opened = await openLab(located.folder);
  // What Nix has just left is as it was built; a folder that somebody hands in is compared with its manifest.
  if (located.nixVersion === undefined) await verifyOnce(opened, locateCache());
  const selection = selectWanted(opened.lab, opened.order, {
    names: request.runs,
    parameters: request.wishes?.parameters ?? [],
  });
  const { runs, order } = selection;
  for (const id of order) readExecutable(opened.lab.jobs.get(id), id);
  const nix = located.nixVersion === undefined ? "ready-made" : `Nix ${located.nixVersion}`;
  reporter.finish(
    "build",
    `Lab ${opened.lab.hash.slice(0, 8)} (${nix}): ${count(runs.length, "run")}, ${count(order.length, "job")}`,
  );
  return { ...selection, opened, storeRoot: located.storeRoot };
}

/** Reads which program a job begins with: its only one, or the scatter. */
export function readExecutable(job: LabJob | undefined, id: JobId): Executable {
  const first = job?.executables[job.stage_type === "scatter-gather" ? "scatter" : "main"];
  if (first !== undefined && (job?.stage_type === "simple" || job?.stage_type === "scatter-gather")) return first;
  throw new RepxError(
    "LAB_INVALID",
    `job ${id} is of the kind ${job?.stage_type ?? "unknown"}, which cannot be submitted`,
    {
      hint: "Select runs whose stages are simple or scatter-gather ones, with the `runs` input.",
    },
  );
}

/** Reads the user's config file and the named one, which wins, and picks the target; one that was found already is taken. */
export async function readTarget(request: Pick<ExperimentRequest, "files" | "target" | "process">): Promise<Target> {
  if ("open" in request.target) return request.target.found;
  const { environment, workFolder: cwd } = request.process;
  const source = resolve(cwd, request.files.config);
  const project = { source, text: await readConfigFile(source, request.files.config) };
  return chooseTarget(await readConfig({ cwd, environment }, project), request.target.name);
}

/** Reads the resources file where one is named. */
export async function readResources(
  request: Pick<ExperimentRequest, "files" | "process">,
): Promise<Resources | undefined> {
  const { resources } = request.files;
  if (resources === undefined) return undefined;
  const path = resolve(request.process.workFolder, resources);
  return parseResources(await readConfigFile(path, resources), path);
}

/** Reads where the resources file asks for a job's memory and time, as the repository has it; nothing where it lies outside. */
export async function readPlaces(
  request: Pick<ExperimentRequest, "files" | "process">,
  resources: Resources | undefined,
): Promise<(id: JobId, target: string) => SourceLine | undefined> {
  const { workFolder } = request.process;
  const file = request.files.resources;
  if (file === undefined || resources === undefined) return () => undefined;
  const source = resolve(workFolder, file);
  const path = relative(workFolder, source);
  if (path.startsWith("..") || isAbsolute(path)) return () => undefined;
  const text = await readConfigFile(source, file);
  return (id, target) => locateRule({ path, text }, resources, { id, target });
}

async function readConfigFile(path: string, name: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new RepxError("CONFIG_MISSING", `${name} cannot be read (${path})`, {
      hint: "Check the path: it is taken from the workspace's top, and the repository must be checked out before.",
      cause,
    });
  });
}

/** `1 job`, `2 jobs`. */
export function count(total: number, noun: string): string {
  return `${total} ${noun}${total === 1 ? "" : "s"}`;
}
