import { createHash } from "node:crypto";
import { escapeXml, type Picture } from "@repx/core/model";
import type { Drawing } from "./drawing.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { renderSvgElement } from "./render-svg.ts";

/** Renders a drawing as one HTML file that asks for nothing from anywhere: to move, scale and search, and as a table. */
export function renderHtml(picture: Picture, drawing: Drawing): string {
  // Even a label that got out of its quotes could not run anything: only these two texts count.
  const policy = `default-src 'none'; style-src ${hash(PAGE_STYLE)}; script-src ${hash(PAGE_SCRIPT)}`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeXml(picture.title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    "<header>",
    `<h1>${escapeXml(picture.title)}</h1><p>${escapeXml(picture.summary)}</p>`,
    '<form role="search"><input type="search" placeholder="Search stages, parameters, jobs" aria-label="Search">',
    '<output aria-live="polite"></output></form>',
    '<button type="button" data-key="-" aria-label="Smaller">\u2212</button>',
    '<button type="button" data-key="+" aria-label="Larger">+</button>',
    '<button type="button" data-key="0">Fit</button>',
    "</header>",
    `<main>${renderSvgElement(picture, drawing, "page")}</main>`,
    '<aside aria-live="polite">Solid arrows are files; a thick one waits for all of a run with success, a dashed one for all of a run however it ended.</aside>',
    `<details><summary>As a table</summary>${renderTable(picture)}</details>`,
    `<script>${PAGE_SCRIPT}</script>`,
    "</html>",
    "",
  ].join("\n");
}

function hash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function renderTable(picture: Picture): string {
  const titles = new Map([...picture.clusters, ...picture.nodes].map((place) => [place.id, place.title]));
  const arrows = Map.groupBy(picture.edges, (edge) => edge.to);
  const rows = [...picture.clusters, ...picture.nodes].map(({ id, title, kind, lines, cluster }) => {
    const needs = (arrows.get(id) ?? []).map((edge) => [titles.get(edge.from), ...edge.lines].join(" "));
    const cells = [title, kind, titles.get(cluster ?? "") ?? "", lines.join("\n"), needs.join("\n")];
    return `<tr>${cells.map((cell) => `<td>${escapeXml(cell)}</td>`).join("")}</tr>`;
  });
  const heads = ["Name", "Kind", "In", "What", "Needs"].map((head) => `<th scope="col">${head}</th>`).join("");
  return `<table><thead><tr>${heads}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table>`;
}
