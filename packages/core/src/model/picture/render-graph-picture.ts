import type { JobId, RunName } from "../ids.ts";
import { buildPicture, PICTURE_DEFAULTS } from "./build-picture.ts";
import { RepxError } from "../errors.ts";
import type { Lab } from "../lab.ts";
import { countNoun } from "./label.ts";
import type { Picture, PictureOptions } from "./picture.ts";
import { renderMermaid } from "./render-mermaid.ts";

/** GitHub draws no Mermaid text of more than 50,000 characters or 500 arrows (Mermaid's maxTextSize and maxEdges). */
const MOST = { characters: 45_000, edges: 450 };

/** From the most that is worth showing to the least. */
const ATTEMPTS: readonly PictureOptions[] = [
  PICTURE_DEFAULTS,
  { ...PICTURE_DEFAULTS, parameters: "none" },
  { ...PICTURE_DEFAULTS, detail: "runs" },
];

/** Draws runs of a Lab as Mermaid for a job summary: as much of them as GitHub can draw. */
export function renderGraphPicture(lab: Lab, runs: readonly RunName[], reused: ReadonlySet<JobId>): string {
  for (const options of ATTEMPTS) {
    const picture = buildWithin(lab, runs, options, reused);
    const text = picture === undefined || picture.edges.length > MOST.edges ? undefined : renderMermaid(picture);
    if (text !== undefined && text.length <= MOST.characters) return text;
  }
  return `graph LR\n  r0["${countNoun(runs.length, "run")}: too many to draw here"]`;
}

function buildWithin(
  lab: Lab,
  runs: readonly RunName[],
  options: PictureOptions,
  reused: ReadonlySet<JobId>,
): Picture | undefined {
  try {
    return buildPicture(lab, runs, options, reused);
  } catch (error) {
    if (error instanceof RepxError && error.code === "PICTURE_TOO_LARGE") return undefined;
    throw error;
  }
}
