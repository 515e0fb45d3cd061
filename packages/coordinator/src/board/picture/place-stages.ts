// Where the boxes of a submission's stages lie: columns from what is needed to what needs it. Pure.
import type { StageNode } from "../views.ts";

/** A box's size, and the room between boxes. */
export const BOX = { width: 190, height: 62, gapX: 56, gapY: 16 } as const;

/** A stage with its place: its upper left corner. */
export interface PlacedStage {
  readonly stage: StageNode;
  readonly x: number;
  readonly y: number;
}

/** Boxes, the arrows between them, and the size of the whole. */
export interface PlacedStages {
  readonly boxes: readonly PlacedStage[];
  readonly arrows: readonly { readonly from: PlacedStage; readonly to: PlacedStage }[];
  readonly width: number;
  readonly height: number;
}

/** Places stages; needs that are not among them are left out. */
export function placeStages(stages: readonly StageNode[]): PlacedStages {
  const columns = [...Map.groupBy(stages, readDepths(stages))].toSorted(([left], [right]) => left - right);
  const placed = new Map<string, PlacedStage>();
  const tallest = Math.max(0, ...columns.map(([, column]) => column.length));
  for (const [depth, column] of columns) {
    const ordered = column.toSorted((left, right) => readMiddle(left, placed) - readMiddle(right, placed));
    const top = ((tallest - column.length) * (BOX.height + BOX.gapY)) / 2;
    for (const [index, stage] of ordered.entries()) {
      const place = { x: depth * (BOX.width + BOX.gapX) + 1, y: top + index * (BOX.height + BOX.gapY) + 1 };
      placed.set(stage.name, { stage, ...place });
    }
  }
  const boxes = [...placed.values()];
  const arrows = boxes.flatMap((to) =>
    to.stage.needs.flatMap((name) => {
      const from = placed.get(name);
      return from === undefined ? [] : [{ from, to }];
    }),
  );
  return {
    boxes,
    arrows,
    width: Math.max(0, columns.length * (BOX.width + BOX.gapX) - BOX.gapX) + 2,
    height: Math.max(0, tallest * (BOX.height + BOX.gapY) - BOX.gapY) + 2,
  };
}

/** The length of the longest way to each stage; stages whose jobs need each other in turn do not count the way back. */
function readDepths(stages: readonly StageNode[]): (stage: StageNode) => number {
  const known = new Map(stages.map((stage) => [stage.name, stage]));
  const depths = new Map<string, number>();
  const measure = (stage: StageNode, path: ReadonlySet<string>): number => {
    const before = depths.get(stage.name);
    if (before !== undefined) return before;
    const onPath = new Set([...path, stage.name]);
    const inputs = stage.needs.flatMap((name) => {
      const input = known.get(name);
      return input === undefined || onPath.has(name) ? [] : [measure(input, onPath) + 1];
    });
    const depth = Math.max(0, ...inputs);
    depths.set(stage.name, depth);
    return depth;
  };
  return (stage) => measure(stage, new Set());
}

/** Boxes lie near what they need; what needs nothing stays in order. */
function readMiddle(stage: StageNode, placed: ReadonlyMap<string, PlacedStage>): number {
  const tops = stage.needs.flatMap((name) => placed.get(name)?.y ?? []);
  return tops.length === 0 ? 0 : tops.reduce((sum, top) => sum + top, 0) / tops.length;
}
