// What Graphviz has laid out: shapes and texts at their places, in points from the top left. Its JSON holds the drawing
// operations of xdot (graphviz.org/docs/outputs/json, graphviz.org/docs/outputs/canon/#xdot).
import * as z from "zod";

export type Point = readonly [x: number, y: number];

/** A line or an area. */
export interface Shape {
  readonly kind: "polygon" | "curve";
  /** Of a curve: a start, and three points for each Bézier piece. */
  readonly points: readonly Point[];
  readonly fill: string | undefined;
  readonly stroke: string | undefined;
  readonly width: number;
  readonly isDashed: boolean;
}

/** One line of text; `at` is on its baseline, at its middle. */
export interface Text {
  readonly at: Point;
  readonly text: string;
  /** How long it is in Helvetica. */
  readonly width: number;
  /** Whether Graphviz knows the width of all its characters, or guesses it well. */
  readonly isMeasured: boolean;
  readonly size: number;
  readonly color: string;
  readonly isBold: boolean;
}

/** What belongs to one cluster, node or arrow. */
export interface Item {
  /** The picture's id of the cluster or node; of an arrow `e` and its number. */
  readonly id: string;
  /** Of a cluster's title: the cluster. */
  readonly titleOf?: string;
  readonly shapes: readonly Shape[];
  readonly texts: readonly Text[];
}

/** A picture with every place known. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** In the order in which they are painted: clusters from the outer to the inner, arrows, nodes, titles of clusters. */
  readonly items: readonly Item[];
}

const Operation = z.object({
  op: z.string(),
  points: z.array(z.tuple([z.number(), z.number()])).optional(),
  color: z.string().optional(),
  style: z.string().optional(),
  size: z.number().optional(),
  fontchar: z.number().optional(),
  pt: z.tuple([z.number(), z.number()]).optional(),
  align: z.enum(["l", "c", "r"]).optional(),
  width: z.number().optional(),
  text: z.string().optional(),
});
type Operation = z.infer<typeof Operation>;

const Operations = z.array(Operation).optional();
const Place = z.object({ name: z.string(), _draw_: Operations, _ldraw_: Operations });
const Arrow = z.object({ id: z.string(), _draw_: Operations, _hdraw_: Operations, _ldraw_: Operations });
const Layout = z.object({
  bb: z.string(),
  pad: z.string().optional(),
  _ldraw_: Operations,
  objects: z.array(Place).optional(),
  edges: z.array(Arrow).optional(),
});

/** The id of the line below the picture. */
const CAPTION = "caption";

/** Graphviz takes each of its two bytes for a space of Helvetica. */
const NO_BREAK = "\u00a0";
const NO_BREAK_WIDTH = 2 * 0.278;

/** The arrow and the ellipsis that labels of ours have are as wide as Graphviz guesses, to a sixth of a letter. */
const MEASURED = /^[ -~\u2192\u2026]+$/;

const CLUSTER = "cluster_";
const POINTS_PER_INCH = 72;

/** Reads Graphviz's JSON of a picture. */
export function parseDrawing(json: string): Drawing {
  const layout = Layout.parse(JSON.parse(json));
  const [left = 0, bottom = 0, right = 0, top = 0] = layout.bb.split(",").map(Number);
  const pad = Number(layout.pad ?? 0) * POINTS_PER_INCH;
  // Graphviz counts from the bottom.
  const move = ([x, y]: Point): Point => [round(x - left + pad), round(top - y + pad)];
  const objects = layout.objects ?? [];
  const items = objects.map(({ name, _draw_: shape, _ldraw_: label }) => parseItem(name, [shape, label], move));
  const clusters = items
    .filter(({ id }) => id.startsWith(CLUSTER))
    .map((item) => ({ ...item, id: item.id.slice(CLUSTER.length) }));
  const nodes = items.filter(({ id }) => !id.startsWith(CLUSTER));
  const arrows = (layout.edges ?? []).map(({ id, _draw_: line, _hdraw_: head, _ldraw_: label }) =>
    parseItem(id, [line, head, label], move),
  );
  const { _ldraw_: caption } = layout;
  return {
    width: Math.ceil(right - left + 2 * pad),
    height: Math.ceil(top - bottom + 2 * pad),
    items: [
      ...clusters.map((item) => ({ ...item, texts: [] })),
      ...arrows,
      ...nodes,
      ...clusters.map(liftTitle),
      parseItem(CAPTION, [caption], move),
    ],
  };
}

/** A title is painted over the arrows that cross it, on ground of its own. */
function liftTitle({ id, shapes, texts }: Item): Item {
  const fill = shapes[0]?.fill ?? "#ffffff";
  const ground = texts.map(({ at: [x, y], width, size }): Shape => {
    const [left, right, top, bottom] = [x - width / 2 - 2, x + width / 2 + 2, y - size * 0.85, y + size * 0.25];
    const corners = [left, top, right, top, right, bottom, left, bottom].map(round);
    const points = [0, 2, 4, 6].map((at): Point => [corners[at] ?? 0, corners[at + 1] ?? 0]);
    return { kind: "polygon", points, fill, stroke: undefined, width: 1, isDashed: false };
  });
  return { id: `${id}title`, titleOf: id, shapes: ground, texts };
}

function parseItem(
  id: string,
  lists: readonly (readonly Operation[] | undefined)[],
  move: (point: Point) => Point,
): Item {
  const shapes: Shape[] = [];
  const texts: Text[] = [];
  for (const list of lists) {
    // What the operations before have set.
    const pen = { stroke: "#000000", fill: "#000000", width: 1, isDashed: false, size: 12, isBold: false };
    for (const operation of list ?? []) {
      setPen(pen, operation);
      const points = operation.points?.map(move) ?? [];
      const [at] = operation.pt === undefined ? [] : [move(operation.pt)];
      const shape = SHAPES[operation.op];
      if (shape !== undefined) {
        const { width, isDashed } = pen;
        const fill = shape.isFilled ? readColor(pen.fill) : undefined;
        shapes.push({ kind: shape.kind, points, fill, stroke: readColor(pen.stroke), width, isDashed });
      }
      if (operation.op === "T" && at !== undefined && operation.text?.trim() !== "") {
        const { size, isBold, stroke: color } = pen;
        texts.push({ ...placeText(at, operation, size), size, color, isBold });
      }
    }
  }
  return { id, shapes, texts };
}

/** Graphviz writes what is not to be seen as a colour whose alpha is 00. */
function readColor(color: string): string | undefined {
  return /^#[0-9a-f]{6}00$/i.test(color) || color === "transparent" ? undefined : color;
}

/** Capital letters are areas with a line around them. */
const SHAPES: Readonly<Partial<Record<string, { readonly kind: Shape["kind"]; readonly isFilled: boolean }>>> = {
  p: { kind: "polygon", isFilled: false },
  P: { kind: "polygon", isFilled: true },
  b: { kind: "curve", isFilled: false },
  B: { kind: "curve", isFilled: true },
};

function setPen(
  pen: { stroke: string; fill: string; width: number; isDashed: boolean; size: number; isBold: boolean },
  operation: Operation,
): void {
  const { op, color, style = "", size, fontchar } = operation;
  if (op === "c") pen.stroke = color ?? pen.stroke;
  if (op === "C") pen.fill = color ?? pen.fill;
  if (op === "F") pen.size = size ?? pen.size;
  // Bit 0 of the font's characteristics: bold.
  if (op === "t") pen.isBold = ((fontchar ?? 0) & 1) === 1;
  if (op !== "S") return;
  if (style === "dashed" || style === "solid") pen.isDashed = style === "dashed";
  const width = /^setlinewidth\(([0-9.]+)\)$/.exec(style)?.[1];
  if (width !== undefined) pen.width = Number(width);
}

/** Where a text is and how long, without the no-break space that makes room before a label. */
function placeText(
  [x, y]: Point,
  { text = "", align, width = 0 }: Operation,
  size: number,
): Pick<Text, "at" | "text" | "width" | "isMeasured"> {
  const room = text.startsWith(NO_BREAK) ? NO_BREAK_WIDTH * size : 0;
  const shift = align === "l" ? width / 2 : align === "r" ? -width / 2 : 0;
  const plain = text.slice(room === 0 ? 0 : 1);
  const isMeasured = MEASURED.test(plain);
  return { at: [round(x + shift + room / 2), y], text: plain, width: round(width - room), isMeasured };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
