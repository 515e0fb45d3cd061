// A picture in Graphviz's language. Every label is HTML-like (graphviz.org/doc/info/shapes.html#html), which knows no
// escape sequences but those of XML, and those that name the node or arrow itself.
import { isCluster, nestPlaces, type Place } from "./nest-places.ts";
import type { Picture, PictureCluster, PictureEdge, PictureNode, PictureText } from "./picture.ts";

const FONT = 'fontname="Helvetica"';
/** From so many nodes in a row on, a picture goes down instead of to the right. */
const DEEP = 7;
/** From so many arrows on, Graphviz has to stop searching for the best places, and then to draw straight lines. */
const CROWDED = 200;
const VERY_CROWDED = 500;
const INK = "#1f2328";
const FAINT = "#57606a";

/** A shape and colours for each kind; no two kinds differ by colour alone. */
const NODES: Readonly<Record<PictureNode["kind"], string>> = {
  stage: 'shape=box style="rounded,filled" fillcolor="#ddf4ff" color="#0969da"',
  job: 'shape=box style="filled" fillcolor="#ddf4ff" color="#0969da"',
  scatter: 'shape=trapezium margin="0.04,0.02" style="filled" fillcolor="#fff8c5" color="#9a6700"',
  step: 'shape=box style="filled" fillcolor="#fff8c5" color="#9a6700"',
  gather: 'shape=invtrapezium margin="0.04,0.02" style="filled" fillcolor="#fff8c5" color="#9a6700"',
  "whole-run": 'shape=box style="rounded,filled" fillcolor="#f6f8fa" color="#57606a" penwidth=1.5',
  absent: 'shape=box style="rounded,dashed" color="#57606a"',
};
const CLUSTERS: Readonly<Record<PictureCluster["kind"], string>> = {
  group: 'style="rounded,dashed" color="#8250df" bgcolor="transparent" penwidth=1.2 margin=18',
  run: 'style="rounded,filled" color="#8c959f" fillcolor="#f6f8fa" margin=16',
  "scatter-gather": 'style="rounded,filled" color="#9a6700" fillcolor="#fffdf0" margin=12',
};
const EDGES: Readonly<Record<PictureEdge["kind"], string>> = {
  data: 'color="#57606a"',
  hard: 'color="#8250df" penwidth=2',
  soft: 'color="#8250df" style="dashed" penwidth=1.4',
};

/** Renders a picture as a DOT file; `id` of an arrow is `e` and its number. */
export function renderDot(picture: Picture): string {
  const inside = nestPlaces(picture);
  const direction = picture.depth > DEEP ? "TB" : "LR";
  const caption = escapeLabel(`${picture.title}: ${picture.summary}`);
  return [
    "digraph Lab {",
    `  graph [rankdir=${direction} compound=true nodesep=0.32 ranksep=0.5 pad=0.2 ${FONT} fontsize=12${limitEffort(picture)}]`,
    `  graph [label=<<font point-size="10" color="${FAINT}">${caption}</font>> labelloc=b labeljust=l]`,
    `  node [${FONT} fontsize=12 fontcolor="${INK}" margin="0.16,0.09" height=0.4 penwidth=1.2]`,
    `  edge [${FONT} fontsize=9.5 fontcolor="${FAINT}" arrowsize=0.7 penwidth=1.1]`,
    ...renderPlaces(inside, "", "  ", direction),
    ...picture.edges.map((edge, index) => `  ${renderEdge(picture, edge, index, direction)}`),
    "}",
    "",
  ].join("\n");
}

/** Without it, 490 boxes and 1,071 arrows take minutes; with it, 3 seconds. */
function limitEffort({ edges }: Picture): string {
  if (edges.length <= CROWDED) return "";
  return ` nslimit=1 nslimit1=1 mclimit=0.1${edges.length > VERY_CROWDED ? " splines=line" : ""}`;
}

type Direction = "LR" | "TB";

function renderPlaces(
  inside: ReadonlyMap<string, readonly Place[]>,
  cluster: string,
  indent: string,
  direction: Direction,
): string[] {
  const places = inside.get(cluster) ?? [];
  // To the right, Graphviz piles up from the bottom what it is given in order.
  return (direction === "LR" ? places.toReversed() : places).flatMap((place) => {
    if (!isCluster(place))
      return [`${indent}${place.id} [${NODES[place.kind]}${turn(place, direction)} label=${renderText(place)}]`];
    const look = `${CLUSTERS[place.kind]} fontcolor="${INK}" labelloc=t`;
    return [
      `${indent}subgraph cluster_${place.id} {`,
      `${indent}  graph [${look} label=${renderText(place, ' align="left"')}]`,
      ...renderPlaces(inside, place.id, `${indent}  `, direction),
      `${indent}}`,
    ];
  });
}

/** A scatter widens, and a gather narrows, in the direction of the arrows. */
function turn({ kind }: PictureNode, direction: Direction): string {
  return direction === "LR" && (kind === "scatter" || kind === "gather") ? " orientation=90" : "";
}

function renderText({ title, lines }: PictureText, align = ""): string {
  const small = lines.map((line) => `<font point-size="10" color="${FAINT}">${escapeLabel(line)}</font>`);
  const end = align === "" ? "" : `<br${align}/>`;
  return `<${[`<b>${escapeLabel(title)}</b>`, ...small].join(`<br${align}/>`)}${end}>`;
}

/** An arrow can only join nodes: one from or to a cluster takes a node in it, and is cut off at the frame. */
function renderEdge(picture: Picture, edge: PictureEdge, index: number, direction: Direction): string {
  const from = listNodes(picture, edge.from).at(-1);
  const to = listNodes(picture, edge.to)[0];
  // Room between a label and its arrow: below it where arrows are level, before it where they go down.
  const end = direction === "LR" ? '<br/><font point-size="5"> </font>' : "";
  const start = direction === "LR" ? "" : "&#160;";
  const lines = edge.lines.map((line) => `${start}${escapeLabel(line)}`);
  const label = lines.length === 0 ? "" : ` label=<${lines.join("<br/>")}${end}>`;
  const ends = [
    ...(from === edge.from ? [] : [` ltail="cluster_${edge.from}"`]),
    ...(to === edge.to ? [] : [` lhead="cluster_${edge.to}"`]),
  ];
  return `${from} -> ${to} [id="e${index}" ${EDGES[edge.kind]}${ends.join("")}${label}]`;
}

/** The ids of the nodes of a place: itself, or those in it, upstream first. */
function listNodes(picture: Picture, id: string): string[] {
  if (picture.nodes.some((node) => node.id === id)) return [id];
  const inside = [...picture.clusters, ...picture.nodes].filter((place) => place.cluster === id);
  return inside.flatMap((place) => listNodes(picture, place.id));
}

/** Graphviz puts a node's name in the place of `\\N`, in HTML-like labels too, and one backslash in that of two. */
function escapeLabel(text: string): string {
  return escapeXml(text).replaceAll("\\", "\\\\");
}

/** Makes a text safe in XML, between tags and in attributes. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
