import { renderDot, renderMermaid, type Picture } from "@repx/core/model";
import { layOutPicture } from "./lay-out-picture.ts";
import type { PictureFormat } from "./picture-format.ts";
import { renderHtml } from "./render-html.ts";
import { renderPdf } from "./render-pdf.ts";
import { renderPng } from "./render-png.ts";
import { renderSvg } from "./render-svg.ts";

/** Draws a picture in a format; the same picture gives the same bytes. */
export async function drawPicture(picture: Picture, format: PictureFormat): Promise<string | Uint8Array> {
  if (format === "mermaid") return `${renderMermaid(picture)}\n`;
  if (format === "dot") return renderDot(picture);
  const drawing = await layOutPicture(picture);
  if (format === "svg") return renderSvg(picture, drawing);
  if (format === "html") return renderHtml(picture, drawing);
  return format === "pdf" ? renderPdf(picture, drawing) : renderPng(renderSvg(picture, drawing), drawing);
}
