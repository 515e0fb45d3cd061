import { Buffer } from "node:buffer";
import type { Picture } from "@repx/core/model";
import type { Drawing, Shape, Text } from "./drawing.ts";
import { readFonts } from "./fonts.ts";

/** The same Lab gives the same bytes: the file's date tells nothing. */
const DATE = new Date(0);

/** Renders a drawing as a PDF file of one page, in vectors, with its text to be searched. */
export async function renderPdf(picture: Picture, drawing: Drawing): Promise<Uint8Array> {
  const { default: PDFDocument } = await import("pdfkit");
  const { regular, bold } = await readFonts();
  const pdf = new PDFDocument({
    size: [drawing.width, drawing.height],
    margin: 0,
    displayTitle: true,
    info: { Title: picture.title, Subject: picture.summary, Creator: "repx viz", CreationDate: DATE },
  });
  const chunks: Buffer[] = [];
  const isDone = new Promise<void>((resolve, reject) => {
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", resolve);
    pdf.on("error", reject);
  });
  pdf.registerFont("regular", Buffer.from(regular));
  pdf.registerFont("bold", Buffer.from(bold));
  for (const { shapes, texts } of drawing.items) {
    for (const shape of shapes) drawShape(pdf, shape);
    for (const text of texts) drawText(pdf, text);
  }
  pdf.end();
  await isDone;
  return Buffer.concat(chunks);
}

function drawShape(pdf: PDFKit.PDFDocument, { kind, points, fill, stroke, width, isDashed }: Shape): void {
  const [start, ...rest] = points;
  if (start === undefined) return;
  if (fill === undefined && stroke === undefined) return;
  pdf.lineWidth(width);
  if (isDashed) pdf.dash(5, { space: 3 });
  else pdf.undash();
  pdf.moveTo(...start);
  if (kind === "polygon") {
    for (const point of rest) pdf.lineTo(...point);
    pdf.closePath();
  } else {
    for (let at = 0; at + 2 < rest.length; at += 3) {
      const [one, two, end] = [rest[at] ?? start, rest[at + 1] ?? start, rest[at + 2] ?? start];
      pdf.bezierCurveTo(...one, ...two, ...end);
    }
  }
  if (fill !== undefined && stroke !== undefined) pdf.fillAndStroke(fill, stroke);
  else if (fill !== undefined) pdf.fill(fill);
  else pdf.stroke(stroke);
}

function drawText(pdf: PDFKit.PDFDocument, { at: [x, y], text, size, color, isBold }: Text): void {
  pdf.font(isBold ? "bold" : "regular", size).fillColor(color);
  pdf.text(text, x - pdf.widthOfString(text) / 2, y, { lineBreak: false, baseline: "alphabetic" });
}
