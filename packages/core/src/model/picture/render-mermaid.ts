// A picture in Mermaid's language, in the part of it that GitHub draws: frames, quoted labels, plain and dotted arrows.
import { isCluster, nestPlaces, type Place } from "./nest-places.ts";
import type { Picture, PictureEdge, PictureNode, PictureText } from "./picture.ts";

/** What stands around a label; a shape for each kind (mermaid.js.org, "Node shapes"). */
const SHAPES: Readonly<Record<PictureNode["kind"], readonly [string, string]>> = {
  stage: ["[", "]"],
  job: ["[", "]"],
  scatter: ["[/", "\\]"],
  step: ["[", "]"],
  gather: ["[\\", "/]"],
  "whole-run": ["([", "])"],
  absent: ["([", "])"],
};
const ARROWS: Readonly<Record<PictureEdge["kind"], string>> = { data: "-->", hard: "==>", soft: "-.->" };
/** GitHub fits a picture into its column: a long one is only read when it goes down. */
const DEEP = 7;

/** Renders a picture as a Mermaid flowchart. */
export function renderMermaid(picture: Picture): string {
  const inside = nestPlaces(picture);
  return [
    `graph ${picture.depth > DEEP ? "TD" : "LR"}`,
    ...renderPlaces(inside, "", "  "),
    ...picture.edges.map(renderEdge),
  ].join("\n");
}

function renderPlaces(inside: ReadonlyMap<string, readonly Place[]>, cluster: string, indent: string): string[] {
  return (inside.get(cluster) ?? []).flatMap((place) => {
    if (!isCluster(place)) {
      const [open, close] = SHAPES[place.kind];
      return [`${indent}${place.id}${open}${renderText(place, "<br/>")}${close}`];
    }
    return [
      `${indent}subgraph ${place.id}[${renderText(place, ", ")}]`,
      ...renderPlaces(inside, place.id, `${indent}  `),
      `${indent}end`,
    ];
  });
}

/** A frame's title has one line: Mermaid does not make room for more. */
function renderText({ title, lines }: PictureText, separator: string): string {
  return `"${[title, ...lines].map(escapeLabel).join(separator)}"`;
}

function renderEdge({ from, to, kind, lines }: PictureEdge): string {
  const label = lines.length === 0 ? "" : `|"${lines.map(escapeLabel).join("<br/>")}"|`;
  return `  ${from} ${ARROWS[kind]}${label} ${to}`;
}

/** Mermaid ends a quoted label at a double quote and reads HTML entities with '#' (mermaid.js.org, "Entity codes"). */
function escapeLabel(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 ._+:@/,()=\u2026\u2192-]/gu, (char) => `#${char.codePointAt(0)};`);
}
