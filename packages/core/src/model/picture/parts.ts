import type { Executable, Lab } from "../lab.ts";
import type { Box } from "./boxes.ts";
import { keepLines, renderLabel } from "./label.ts";
import type { PictureEdge, PictureNode } from "./picture.ts";

/** The nodes of a box, and which of them stands for which program. */
export interface Parts {
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
  /** Where the wire of a program ends. */
  readonly entryOf: (program: string) => string;
  /** Where the wires from the box begin. */
  readonly exit: string;
}

const STEP = "step-";

/** Draws a scatter-gather stage in its parts; the frame around them has the box's id. */
export function drawParts(lab: Lab, box: Box): Parts {
  const programs = collectPrograms(lab, box);
  const steps = [...programs.keys()].filter((name) => name.startsWith(STEP)).toSorted();
  const scatter = `${box.id}scatter`;
  const gather = `${box.id}gather`;
  const idOf = new Map(steps.map((name, index) => [name.slice(STEP.length), `${box.id}step${index}`]));
  const ids = new Map([...idOf].map(([name, id]) => [`${STEP}${name}`, id]));
  const node = (id: string, kind: PictureNode["kind"], title: string, about: string): PictureNode => {
    const lines = [`${about} of ${renderLabel(box.stage)}`];
    return { id, kind, title: renderLabel(title), lines: [], about: lines, cluster: box.id };
  };
  return {
    nodes: [
      node(scatter, "scatter", "scatter", "Makes the work items"),
      ...[...idOf].map(([name, id]) => node(id, "step", name, "A step for each work item")),
      node(gather, "gather", "gather", "Joins the work items"),
    ],
    edges: drawStepEdges(programs, idOf, { scatter, gather }),
    entryOf: (program) => (program === "gather" ? gather : (ids.get(program) ?? scatter)),
    exit: gather,
  };
}

function collectPrograms(lab: Lab, box: Box): Map<string, Executable> {
  const programs = new Map<string, Executable>();
  for (const id of box.jobs) {
    for (const [name, program] of Object.entries(lab.jobs.get(id)?.executables ?? {})) {
      if (!programs.has(name)) programs.set(name, program);
    }
  }
  return programs;
}

function drawStepEdges(
  programs: ReadonlyMap<string, Executable>,
  idOf: ReadonlyMap<string, string>,
  ends: { readonly scatter: string; readonly gather: string },
): PictureEdge[] {
  const needed = new Set<string>();
  const edges: PictureEdge[] = [];
  const draw = (from: string, to: string, lines: readonly string[]): void => {
    edges.push({ from, to, kind: "data", lines });
  };
  for (const [name, id] of idOf) {
    const step = programs.get(`${STEP}${name}`);
    const needs = listNeeds(step).filter((need) => need !== name && idOf.has(need));
    for (const need of needs) {
      needed.add(need);
      draw(idOf.get(need) ?? ends.scatter, id, renderStepInputs(step, need));
    }
    if (needs.length === 0) draw(ends.scatter, id, ["work items"]);
  }
  for (const [name, id] of idOf) {
    if (!needed.has(name)) draw(id, ends.gather, renderOutputs(programs.get(`${STEP}${name}`)));
  }
  if (idOf.size === 0) draw(ends.scatter, ends.gather, ["work items"]);
  return edges;
}

function listNeeds(step: Executable | undefined): string[] {
  const wired = (step?.inputs ?? []).map((input) => input.source ?? "").filter((source) => source.startsWith("step:"));
  return [...new Set([...(step?.deps ?? []), ...wired.map((source) => source.slice("step:".length))])];
}

function renderStepInputs(step: Executable | undefined, need: string): string[] {
  const wires = (step?.inputs ?? []).filter((input) => input.source === `step:${need}`);
  return renderWires(wires.map((wire) => ({ output: wire.source_output ?? "", input: wire.target_input })));
}

function renderOutputs(step: Executable | undefined): string[] {
  return renderWires(Object.keys(step?.outputs ?? {}).map((output) => ({ output, input: output })));
}

/** Renders the names on an arrow: of the output, and on a line below of the input where that is called otherwise. */
export function renderWires(wires: readonly { readonly output: string; readonly input: string }[]): string[] {
  const names = wires.map(({ output, input }) => {
    const made = renderLabel(output === "" ? input : output, 30);
    return output === input || output === "" ? made : `${made}\n\u2192 ${renderLabel(input, 28)}`;
  });
  return keepLines([...new Set(names)].toSorted(), 3).flatMap((name) => name.split("\n"));
}
