import type { CommandCall } from "../command.ts";
import { describeTarget, openTarget } from "../open-target.ts";
import { chooseLab } from "./choose-lab.ts";

/** Says whether a target keeps a Lab, and by what; the exit status is 1 when it does not. */
export async function showStatus(call: CommandCall, given: string | undefined): Promise<number> {
  const { findLab, readRoots } = await import("@repx/core/gc");
  const wanted = await chooseLab(call, given);
  await using opened = await openTarget(call);
  const all = (await readRoots(opened.transport, opened.target.basePath)).roots;
  // Of the Lab here it is no error that the target has never heard of it.
  const lab = given === undefined ? wanted : findLab(all, wanted);
  const roots = all.filter((root) => root.lab === lab);
  const isKept = roots.some(({ state }) => state !== "passed");
  if (call.isSet("json")) {
    call.screen.printJson({ target: describeTarget(opened, opened.transport), lab, kept: isKept, roots });
    return isKept ? 0 : 1;
  }
  const verdict = isKept
    ? "kept"
    : roots.length === 0
      ? "has no root: not kept"
      : "no longer kept, the next gc removes it";
  call.screen.print(`${call.screen.paint("bold", `Lab ${lab.slice(0, 8)}`)}: ${verdict}`);
  for (const { kind, name, at, state } of roots) {
    call.screen.print(kind === "pinned" ? `  pinned as ${name}` : `  ${state} of project ${name}, since ${at ?? "?"}`);
  }
  return isKept ? 0 : 1;
}
