import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readFonts } from "./fonts.ts";
import type { Drawing } from "./drawing.ts";

/** Pixels for each of the drawing's points. */
const SCALE = 2;
/** Above these, viewers and this machine's memory give up; a larger drawing is scaled down. */
const MOST = { sidePixels: 16_000, pixels: 60e6 };

let isReady: Promise<void> | undefined;

/** Renders an SVG file as PNG, with fonts of our own: a login node has none. */
export async function renderPng(svg: string, { width, height }: Drawing): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  // A second start of the same module is refused.
  isReady ??= readFile(fileURLToPath(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm"))).then(initWasm);
  await isReady;
  const { regular, bold } = await readFonts();
  const scale = Math.min(SCALE, MOST.sidePixels / Math.max(width, height), Math.sqrt(MOST.pixels / (width * height)));
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: [regular, bold], defaultFontFamily: "Arimo", sansSerifFamily: "Arimo" },
  });
  try {
    return resvg.render().asPng();
  } finally {
    resvg.free();
  }
}
