import type { JobId, RunName } from "../ids.ts";
import type { Lab } from "../lab.ts";
import { listWires, type Box } from "./boxes.ts";
import { keepLines, renderLabel } from "./label.ts";
import { renderWires, type Parts } from "./parts.ts";
import type { PictureEdge } from "./picture.ts";

/** A box as it is drawn. */
export interface DrawnBox {
  readonly box: Box;
  readonly parts: Parts;
}

/** Names of an output and of the input that it becomes. */
interface Names {
  readonly output: string;
  readonly input: string;
}

const WAITING_STAGES = 4;

/** Draws the wires between boxes; `isBetweenRuns` chooses those that leave a run. Says which boxes wait for themselves. */
export function drawWires(
  lab: Lab,
  drawn: readonly DrawnBox[],
  choice: { readonly hasIntraEdges: boolean; readonly hasInterEdges: boolean },
): PictureEdge[] {
  const placeOf = new Map<JobId, DrawnBox>();
  for (const one of drawn) for (const id of one.box.jobs) placeOf.set(id, one);
  const edges = new Map<string, { from: string; to: string; names: Map<string, Names> }>();
  for (const { box, parts } of drawn) {
    for (const id of box.jobs) {
      const wires = listWires(lab.jobs.get(id));
      const atScatter = new Set(wires.filter((wire) => wire.program === "scatter").map(nameSource));
      for (const wire of wires) {
        const source = placeOf.get(wire.upstream);
        if (source === undefined || source.box === box) continue;
        if (!(source.box.run === box.run ? choice.hasIntraEdges : choice.hasInterEdges)) continue;
        // Every program of a scatter-gather job has the job's own inputs: one arrow, to the scatter, tells it.
        if (wire.program !== "scatter" && atScatter.has(nameSource(wire))) continue;
        const from = source.parts.exit;
        const to = parts.entryOf(wire.program);
        const edge = edges.get(`${from} ${to}`) ?? { from, to, names: new Map<string, Names>() };
        const names = { output: wire.mapping.source_output ?? "", input: wire.mapping.target_input };
        edge.names.set(JSON.stringify(names), names);
        edges.set(`${from} ${to}`, edge);
      }
    }
  }
  return [...edges.values()].map(({ from, to, names }) => ({
    from,
    to,
    kind: "data",
    lines: renderWires([...names.values()]),
  }));
}

function nameSource({ upstream, mapping }: ReturnType<typeof listWires>[number]): string {
  return `${upstream} ${mapping.source_output ?? ""}`;
}

/**
 * Draws what runs wait for: an arrow from the other run to each stage that reads it, or to the whole run where many do
 * or none. `placeOf` says what stands for a run.
 */
export function drawRunDependencies(
  lab: Lab,
  run: RunName,
  drawn: readonly DrawnBox[],
  placeOf: (run: RunName) => string,
): PictureEdge[] {
  const dependencies = lab.runs.get(run)?.dependencies ?? new Map<RunName, "hard" | "soft">();
  const readers = findReaders(lab, run, drawn);
  const sources = new Set([...dependencies.keys(), ...readers.keys()]);
  sources.delete(run);
  return [...sources].flatMap((source) => {
    const found = readers.get(source) ?? [];
    const kinds = new Set(found.map((reader) => reader.kind ?? dependencies.get(source) ?? "hard"));
    if (kinds.size === 0) kinds.add(dependencies.get(source) ?? "hard");
    const names = (targets: typeof found): string[] =>
      keepLines([...new Set(targets.map((reader) => renderLabel(reader.input, 30)))].toSorted(), 3);
    const kind = kinds.has("hard") ? "hard" : "soft";
    const targets = Map.groupBy(found, (reader) => reader.node);
    const from = placeOf(source);
    if (targets.size === 0 || targets.size > WAITING_STAGES) return [{ from, to: placeOf(run), kind, lines: [kind] }];
    return [...targets].map(([to, group]) => ({ from, to, kind, lines: [kind, ...names(group)] }));
  });
}

interface Reader {
  readonly node: string;
  readonly input: string;
  readonly kind: "hard" | "soft" | undefined;
}

function findReaders(lab: Lab, run: RunName, drawn: readonly DrawnBox[]): Map<RunName, Reader[]> {
  const readers = new Map<RunName, Map<string, Reader>>();
  for (const { box, parts } of drawn) {
    if (box.run !== run) continue;
    for (const id of box.jobs) {
      for (const [program, executable] of Object.entries(lab.jobs.get(id)?.executables ?? {})) {
        for (const mapping of executable.inputs) {
          const source = mapping.source_run;
          if (source === null || source === undefined || typeof mapping.job_id === "string") continue;
          const input = mapping.target_input;
          const node = parts.entryOf(box.hasParts ? "scatter" : program);
          const kind = mapping.dependency_type ?? undefined;
          const found = readers.get(source) ?? new Map<string, Reader>();
          found.set(`${node} ${input} ${kind ?? ""}`, { node, input, kind });
          readers.set(source, found);
        }
      }
    }
  }
  return new Map([...readers].map(([source, found]) => [source, [...found.values()]]));
}
