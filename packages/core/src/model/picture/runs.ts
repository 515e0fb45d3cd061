import type { RunName } from "../ids.ts";
import type { Lab } from "../lab.ts";
import { countNoun, keepLines, renderLabel } from "./label.ts";
import { nestGroups } from "./nest-groups.ts";
import type { Box } from "./boxes.ts";
import type { PictureCluster, PictureText } from "./picture.ts";

/** The frames of the groups, and for each run the frame that it lies in and the groups to tell by name. */
export interface Frames {
  readonly clusters: readonly PictureCluster[];
  readonly placeOf: (run: RunName) => { readonly cluster?: string; readonly groups: readonly string[] };
}

const STAGES_TOLD = 6;

/** Draws the groups as frames where they lie inside one another. */
export function drawFrames(lab: Lab, runs: readonly RunName[], hasGroups: boolean): Frames {
  if (!hasGroups) return { clusters: [], placeOf: () => ({ groups: [] }) };
  const nest = nestGroups(lab.groups, runs);
  const clusters = nest.frames.map((frame, index) => ({
    id: `g${index}`,
    kind: "group" as const,
    title: renderLabel(`@${frame.name}`),
    lines: [],
    about: [`group of ${countNoun(frame.runs.length, "run")}`],
    ...(frame.parent === undefined ? {} : { cluster: `g${frame.parent}` }),
  }));
  return {
    clusters,
    placeOf: (run) => {
      const frame = nest.frameOf.get(run);
      const groups = nest.others.get(run) ?? [];
      return { groups, ...(frame === undefined ? {} : { cluster: `g${frame}` }) };
    },
  };
}

/** Describes a run: how many jobs it has, how many of them an earlier run draws, and its stages. */
export function describeRun(
  lab: Lab,
  run: RunName,
  boxes: readonly Box[],
  place: { readonly id: string; readonly cluster?: string; readonly groups: readonly string[] },
): PictureText {
  const total = lab.runs.get(run)?.jobIds.length ?? 0;
  const elsewhere = total - boxes.reduce((sum, box) => sum + box.jobs.length, 0);
  const count = `${countNoun(total, "job")}${elsewhere === 0 ? "" : `, ${elsewhere} drawn in an earlier run`}`;
  const groups = place.groups.map((group) => renderLabel(`@${group}`, 24)).join(" ");
  const stages = [...new Set(boxes.map((box) => renderLabel(box.stage)))];
  return {
    id: place.id,
    title: renderLabel(run),
    lines: [groups === "" ? count : `${count}; also ${groups}`, ...keepLines(stages, STAGES_TOLD)],
    about: [count, countNoun(stages.length, "stage")],
    ...(place.cluster === undefined ? {} : { cluster: place.cluster }),
  };
}
