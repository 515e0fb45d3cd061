// What each job that is to run gets for a runtime: joins the wish, the target, the Lab and the resources file.
import { basename } from "node:path";
import { chooseHints } from "./model/job-hints.ts";
import type { JobId } from "./model/ids.ts";
import type { Study } from "./prepare.ts";
import { chooseRuntime } from "./runtime/choose-runtime.ts";
import type { JobRuntime } from "./runtime/runtime-table.ts";
import { nameToolsFolder } from "./sync/host-tools.ts";
import type { LabParts } from "./sync/sync-plan.ts";
import type { ExecutionType } from "./target/config/config-layer.ts";
import type { Target } from "./target/config/config.ts";
import { resolveResources, type Resources } from "./target/config/resources.ts";

/** What decides on runtimes, beside the jobs themselves. */
export interface RuntimeSources {
  readonly wish: ExecutionType | undefined;
  readonly target: Target;
  readonly study: Pick<Study, "opened" | "runs" | "dependencies">;
  readonly resources: Resources | undefined;
  readonly parts: Pick<LabParts, "hostTools">;
}

/** Plans the runtimes of these jobs; those that run natively are left out. RUNTIME_… when the wish cannot be met. */
export function planRuntimes(sources: RuntimeSources, jobs: readonly JobId[]): Map<JobId, JobRuntime> {
  const images = listImages(sources.study);
  const planned = new Map<JobId, JobRuntime>();
  for (const id of jobs) {
    const runtime = planRuntime(sources, id, images.get(id));
    if (runtime !== undefined) planned.set(id, runtime);
  }
  return planned;
}

function planRuntime(
  { wish, target, study, resources, parts }: RuntimeSources,
  id: JobId,
  image: string | undefined,
): JobRuntime | undefined {
  const { lab } = study.opened;
  const kind = chooseRuntime(target, wish, { id, image, hasClosure: lab.storePaths.length > 0 });
  if (kind === "native") return undefined;
  const mounts = target.runtimes?.mounts ?? { kind: "isolated" };
  const asked = resolveResources(resources, { id, target: target.name, hints: chooseHints(lab.jobs.get(id)) });
  return {
    kind,
    ...(image === undefined ? {} : { image }),
    // As in RepX: who shows a job all of the node's files shows it the node's network too.
    network: asked.network ?? mounts.kind === "host",
    mounts,
    ...(target.nodeLocalPath === undefined ? {} : { nodeLocalPath: target.nodeLocalPath }),
    ...(parts.hostTools === undefined ? {} : { hostTools: nameToolsFolder(parts.hostTools) }),
    inputs: (study.dependencies.get(id) ?? []).map((upstream) => upstream.id),
  };
}

/** The image of each job, by its name on a target: of the first run that has the job and an image. */
function listImages({ opened, runs }: RuntimeSources["study"]): Map<JobId, string> {
  const images = new Map<JobId, string>();
  for (const { name, jobs } of runs) {
    const image = opened.lab.runs.get(name)?.image;
    if (image === undefined) continue;
    for (const id of jobs) if (!images.has(id)) images.set(id, basename(image));
  }
  return images;
}
