import { extname } from "node:path";
import { RepxError } from "@repx/core/model";

/** What a picture can be written as. */
export const PICTURE_FORMATS = ["svg", "png", "pdf", "dot", "mermaid", "html"] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

const ENDINGS: Readonly<Partial<Record<string, PictureFormat>>> = {
  ".svg": "svg",
  ".png": "png",
  ".pdf": "pdf",
  ".dot": "dot",
  ".gv": "dot",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
  ".html": "html",
  ".htm": "html",
};

/** Chooses a picture's format: the one asked for, or by the file's ending; Mermaid where there is no file. */
export function choosePictureFormat(asked: string | undefined, file: string | undefined): PictureFormat {
  const known = PICTURE_FORMATS.find((format) => format === asked);
  if (known !== undefined) return known;
  if (file === undefined) return "mermaid";
  const format = ENDINGS[extname(file).toLowerCase()];
  if (format !== undefined) return format;
  throw new RepxError("INPUT_INVALID", `${file} does not say what to write: its ending is that of no picture`, {
    hint: `End it in ${Object.keys(ENDINGS).join(", ")}, or add --format ${PICTURE_FORMATS.join("|")}.`,
  });
}

/** Tells the formats that are not text. */
export function isBinary(format: PictureFormat): boolean {
  return format === "png" || format === "pdf";
}
