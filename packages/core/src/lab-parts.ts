import type { OpenLab } from "./lab/metadata/open-lab.ts";
import type { RunName } from "./model/ids.ts";
import { readHostTools } from "./sync/host-tools.ts";
import { readImages } from "./sync/image-plan.ts";
import type { LabParts } from "./sync/sync-plan.ts";

/** Reads what a Lab brings for these runs beside store paths and jobs: host tools, and images where it has any. */
export async function readLabParts(
  { folder, lab }: Pick<OpenLab, "folder" | "lab">,
  runs: readonly RunName[],
  stagingFolder: string,
): Promise<LabParts> {
  const images = runs.flatMap((name) => lab.runs.get(name)?.image ?? []);
  const [hostTools, read] = await Promise.all([readHostTools(folder), readImages(folder, images)]);
  return { ...(hostTools === undefined ? {} : { hostTools }), images: read, stagingFolder };
}
