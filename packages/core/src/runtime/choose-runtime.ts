// Which runtime a job gets. Pure. Without a wish the rule is RepX's; a wish that cannot be met is refused before anything is sent.
import { RepxError } from "../model/errors.ts";
import type { ExecutionType } from "../target/config/config-layer.ts";
import type { Target } from "../target/config/config.ts";

/** What of a job decides. */
export interface RuntimeNeeds {
  readonly id: string;
  /** Its run's image. */
  readonly image: string | undefined;
  /** Whether the Lab lists the software that its jobs need. */
  readonly hasClosure: boolean;
}

type Site = Pick<Target, "name" | "scheduler" | "basePath" | "nodeLocalPath" | "runtimes">;

/**
 * Chooses a job's runtime. Without a wish: `native` for a job without an image; else the target's default if its scheduler
 * offers that; else the first one that is offered; else `native`.
 */
export function chooseRuntime(site: Site, wish: ExecutionType | undefined, job: RuntimeNeeds): ExecutionType {
  const { offered = [], preferred } = site.runtimes ?? {};
  const kind = wish ?? chooseUnasked(offered, preferred, job);
  if (wish !== undefined) checkWish(site, wish, offered, job);
  if (kind === "podman" || kind === "docker") checkPaths(site, kind);
  return kind;
}

function chooseUnasked(
  offered: readonly ExecutionType[],
  preferred: ExecutionType | undefined,
  job: RuntimeNeeds,
): ExecutionType {
  if (job.image === undefined) return "native";
  return preferred !== undefined && offered.includes(preferred) ? preferred : (offered[0] ?? "native");
}

/** A target that lists nothing is taken at the wish's word: the node will say what it has. */
function checkWish(site: Site, wish: ExecutionType, offered: readonly ExecutionType[], job: RuntimeNeeds): void {
  if (offered.length > 0 && !offered.includes(wish)) {
    throw new RepxError("RUNTIME_NOT_OFFERED", `target ${site.name} offers ${offered.join(", ")}, and not ${wish}`, {
      hint: `Choose one of these, or add "${wish}" to execution_types in [targets.${site.name}.${site.scheduler}].`,
    });
  }
  if (wish === "native" || job.image !== undefined || (wish === "bwrap" && job.hasClosure)) return;
  throw new RepxError("RUNTIME_IMAGE_MISSING", `job ${job.id} cannot run in ${wish}: its run has no image`, {
    hint: 'Build the Lab with containerMode = "unified" or "per-run", or let these jobs run natively.',
  });
}

/** These part a mount's paths on the command lines of podman and docker. */
const PARTING = /[:,"]/;

function checkPaths(site: Site, kind: ExecutionType): void {
  const mounts = site.runtimes?.mounts;
  const paths = [site.basePath, ...(mounts?.kind === "paths" ? mounts.paths : [])];
  const wrong = paths.find((path) => PARTING.test(path));
  if (wrong === undefined) return;
  throw new RepxError("RUNTIME_PATH_UNSUPPORTED", `${kind} cannot mount ${wrong} of target ${site.name}`, {
    hint: "Use a path without colon, comma and quotation mark, or the runtime bwrap.",
  });
}
