import { renderDot, type Picture } from "@repx/core/model";
import { parseDrawing, type Drawing } from "./drawing.ts";

interface Label {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Lays a picture out with Graphviz, which comes with the program as WebAssembly. */
export async function layOutPicture(picture: Picture): Promise<Drawing> {
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz");
  const graphviz = await Graphviz.load();
  const drawing = parseDrawing(graphviz.layout(renderDot(hideBackslashes(picture)), "json", "dot"));
  return restoreTexts(drawing, picture);
}

/** Graphviz's JSON miscounts the letters of a cluster's label with a backslash; a slash is as wide. */
function hideBackslashes(picture: Picture): Picture {
  return {
    ...picture,
    clusters: picture.clusters.map((cluster) => ({ ...cluster, ...hideInText(cluster) })),
    nodes: picture.nodes.map((node) => ({ ...node, ...hideInText(node) })),
    edges: picture.edges.map((edge) => ({ ...edge, lines: edge.lines.map(hide) })),
  };
}

function hideInText({ title, lines }: Label): Label {
  return { title: hide(title), lines: lines.map(hide) };
}

function hide(text: string): string {
  return text.replaceAll("\\", "/");
}

function restoreTexts(drawing: Drawing, picture: Picture): Drawing {
  const lines = new Map<string, readonly string[]>([
    ...[...picture.clusters, ...picture.nodes].map((place) => [place.id, [place.title, ...place.lines]] as const),
    ...picture.edges.map((edge, index) => [`e${index}`, edge.lines] as const),
  ]);
  const items = drawing.items.map((item) => {
    const known = lines.get(item.titleOf ?? item.id) ?? [];
    return { ...item, texts: item.texts.map((text, index) => ({ ...text, text: known[index] ?? text.text })) };
  });
  return { ...drawing, items };
}
