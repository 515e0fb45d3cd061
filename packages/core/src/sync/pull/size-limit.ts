// How much a pull may bring. The listing decides before anything is fetched; but it is the target's word, and hours old when the
// last file is read: what comes beyond it counts as well.
import { RepxError } from "../../model/errors.ts";
import type { JobId } from "../../model/ids.ts";
import { renderBytes } from "../../model/render-bytes.ts";
import type { PullPlan } from "./plan-pull.ts";
import type { PullRequest } from "./pull-request.ts";

const MOST_NAMED = 10;

/** Adds up what is to be fetched, markers too. */
export function sumPlanned({ wanted, wantedMarkers }: PullPlan): { readonly bytes: number; readonly files: number } {
  const all = [...wanted, ...wantedMarkers];
  return { bytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), files: all.length };
}

/** SYNC_TOO_LARGE when more is to be fetched than the request allows. */
export function refuseTooLarge(plan: PullPlan, { maxTotalBytes = Infinity }: PullRequest): void {
  const { bytes } = sumPlanned(plan);
  if (bytes <= maxTotalBytes) return;
  const sizes = new Map<JobId, number>();
  for (const { job, sizeBytes } of [...plan.wanted, ...plan.wantedMarkers])
    sizes.set(job, (sizes.get(job) ?? 0) + sizeBytes);
  const jobs = [...sizes].map(([id, sizeBytes]) => ({ id, sizeBytes })).toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  const largest = jobs.slice(0, 3).map(({ id, sizeBytes }) => `${id} ${renderBytes(sizeBytes)}`);
  const [all, limit] = [renderBytes(bytes), renderBytes(maxTotalBytes)];
  throw new RepxError(
    "SYNC_TOO_LARGE",
    `${all} are to be fetched, and the limit is ${limit}; the largest: ${largest.join(", ")}`,
    {
      hint: "Raise the limit with --max-size, or fetch less: fewer jobs, --match, --max-file.",
      details: { bytes, maxTotalBytes, jobs: jobs.slice(0, MOST_NAMED) },
    },
  );
}

/** Counts by how much files are larger than they were listed. */
export interface GrowthLimit {
  /** Adds bytes before they are written; negative when they were thrown away. SYNC_TOO_LARGE or SYNC_NO_SPACE beyond the limit. */
  add(bytes: number): void;
}

/** Starts to count; `freeBytes` is what the destination has beyond what is planned. */
export function startGrowthLimit(plan: PullPlan, request: PullRequest, freeBytes: number): GrowthLimit {
  const { destination, maxTotalBytes = Infinity } = request;
  const allowedBytes = maxTotalBytes - sumPlanned(plan).bytes;
  let grownBytes = 0;
  return {
    add(bytes) {
      grownBytes += bytes;
      if (bytes <= 0) return;
      if (grownBytes > allowedBytes) {
        throw new RepxError(
          "SYNC_TOO_LARGE",
          `files grew while they were fetched, beyond the limit of ${renderBytes(maxTotalBytes)}`,
          { hint: "Pull again when the jobs have ended, or raise the limit with --max-size; what came stays." },
        );
      }
      if (grownBytes > freeBytes) {
        throw new RepxError("SYNC_NO_SPACE", `${destination} has no room for files that grew while they were fetched`, {
          hint: "Make room and pull again: what came before stays, and is not fetched again.",
        });
      }
    },
  };
}
