// Results of a Lab's runs from a target to this machine, for who has the flake and no Lab folder.
import { join } from "node:path";
import type { PlanRequest } from "./experiment.ts";
import { prepareStudy } from "./prepare.ts";
import { reachTarget, type TargetRoute } from "./reach-target.ts";
import { pullOutputs, type JobPart, type Pulled } from "./sync/pull/pull.ts";

/** Whose results come where. */
export type ResultsRequest = TargetRoute &
  Pick<PlanRequest, "lab" | "runs" | "watch"> & {
    /** Here; the outputs come to `outputs/` in it. */
    readonly folder: string;
    readonly parts: readonly JobPart[];
    /** Only outputs whose path fits one of them; all where there is none. */
    readonly match: readonly string[];
  };

/** As for `repx pull`: what is larger is rather fetched on purpose. */
const MOST_BYTES = { maxFileBytes: 100_000_000, maxTotalBytes: 10_000_000_000 } as const;

/** Builds the Lab and fetches what its jobs left that succeeded; says for how many jobs it asked. */
export async function pullResults(request: ResultsRequest): Promise<Pulled & { readonly jobs: number }> {
  const { order } = await prepareStudy(request);
  await using reached = await reachTarget(request);
  const pulled = await pullOutputs(reached.transport, {
    basePath: reached.target.basePath,
    destination: join(request.folder, "outputs"),
    jobs: order,
    parts: request.parts,
    isSucceededOnly: true,
    ...MOST_BYTES,
    ...(request.match.length === 0 ? {} : { match: request.match }),
  });
  return { ...pulled, jobs: order.length };
}
