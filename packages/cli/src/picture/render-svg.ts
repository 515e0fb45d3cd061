import { escapeXml, type Picture } from "@repx/core/model";
import type { Drawing, Item, Point, Shape, Text } from "./drawing.ts";

/** Where the drawing stands: in a file of its own, or in a page that has a style sheet and a script. */
type Place = "file" | "page";

/** What an item is, in attributes, and its tooltip. */
interface Caption {
  readonly attributes: string;
  readonly about: string;
}

const FONTS = "Helvetica, Arial, Arimo, 'Liberation Sans', sans-serif";

/** Renders a drawing as an SVG file that needs nothing beside it, on white. */
export function renderSvg(picture: Picture, drawing: Drawing): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderSvgElement(picture, drawing, "file")}\n`;
}

/** Renders a drawing as an `svg` element; in a page its nodes can be reached by the keyboard. */
export function renderSvgElement(picture: Picture, { width, height, items }: Drawing, place: Place): string {
  const kinds = new Map(picture.clusters.map(({ id, kind }) => [id, kind]));
  const captions = new Map([...describePlaces(picture, place), ...describeArrows(picture)]);
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const role = `role="${place === "file" ? "img" : "group"}" aria-labelledby="picture-title picture-description"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${role} font-family="${FONTS}" text-anchor="middle">`,
    `<title id="picture-title">${escapeXml(picture.title)}</title>`,
    `<desc id="picture-description">${escapeXml(picture.summary)}</desc>`,
    ...(place === "file" ? [`<rect width="${width}" height="${height}" fill="#ffffff"/>`] : []),
    ...items.map((item) => renderItem(item, captions.get(item.id) ?? describeLabel(kinds.get(item.titleOf ?? "")))),
    "</svg>",
  ].join("\n");
}

function describePlaces(picture: Picture, place: Place): [string, Caption][] {
  const nodes = new Set(picture.nodes.map((node) => node.id));
  return [...picture.clusters, ...picture.nodes].map(({ id, kind, title, about }) => {
    const label = escapeXml([title, ...about].join(", "));
    const reach = place === "page" && nodes.has(id) ? ` tabindex="0" role="img" aria-label="${label}"` : "";
    return [id, { attributes: `class="${kind}"${reach}`, about: [title, ...about].join("\n") }];
  });
}

function describeArrows(picture: Picture): [string, Caption][] {
  const titles = new Map([...picture.clusters, ...picture.nodes].map((place) => [place.id, place.title]));
  return picture.edges.map(({ from, to, kind, lines }, index) => {
    const ends = `${titles.get(from) ?? from} \u2192 ${titles.get(to) ?? to}`;
    const attributes = `class="${kind}" data-from="${from}" data-to="${to}"`;
    return [`e${index}`, { attributes, about: [ends, ...lines].join("\n") }];
  });
}

/** A line of text that says for itself what it is. */
function describeLabel(kind: string | undefined): Caption {
  return { attributes: `class="label${kind === undefined ? "" : ` ${kind}`}"`, about: "" };
}

function renderItem({ id, shapes, texts }: Item, { attributes, about }: Caption): string {
  return [
    `<g id="${id}" ${attributes}>`,
    about === "" ? "" : `<title>${escapeXml(about)}</title>`,
    ...shapes.map(renderShape),
    ...texts.map(renderText),
    "</g>",
  ].join("");
}

function renderShape({ points, kind, fill, stroke, width, isDashed }: Shape): string {
  return [
    `<path d="${renderPath(points, kind)}" fill="${fill ?? "none"}" stroke="${stroke ?? "none"}"`,
    width === 1 ? "" : ` stroke-width="${width}"`,
    isDashed ? ' stroke-dasharray="5 3"' : "",
    "/>",
  ].join("");
}

function renderPath(points: readonly Point[], kind: Shape["kind"]): string {
  const [start, ...rest] = points.map(([x, y]) => `${x},${y}`);
  return kind === "polygon" ? `M${start}L${rest.join(" ")}Z` : `M${start}C${rest.join(" ")}`;
}

/** A text is as long as there is room for, in whatever font a viewer has. */
function renderText({ at: [x, y], text, width, isMeasured, size, color, isBold }: Text): string {
  const weight = isBold ? ' font-weight="700"' : "";
  const room = isMeasured ? ` textLength="${width}" lengthAdjust="spacingAndGlyphs"` : "";
  return `<text x="${x}" y="${y}" font-size="${size}"${weight}${room} fill="${color}">${escapeXml(text)}</text>`;
}
