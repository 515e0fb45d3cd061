import { LabPath } from "../model/lab.ts";

/**
 * Renders an output's template, `$out/<path>`, as a path in the folder that stands for `$out`. Undefined where it leads out
 * of that folder. A path without `$out` lies in it as well: it is where a stage begins.
 */
export function renderOutputPath(template: string, folder: string): string | undefined {
  const inside = template.replace(/^\$out(?:\/|$)/, "");
  if (inside === "") return folder;
  return LabPath.safeParse(inside).success ? `${folder}/${inside}` : undefined;
}
