import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The two cuts that pictures are set in. */
export interface Fonts {
  readonly regular: Uint8Array;
  readonly bold: Uint8Array;
}

const FAMILY = "@expo-google-fonts/arimo";

/** Reads Arimo, whose letters are as wide as Helvetica's, by which Graphviz measures. */
export async function readFonts(): Promise<Fonts> {
  const [regular, bold] = await Promise.all([readCut("400Regular"), readCut("700Bold")]);
  return { regular, bold };
}

async function readCut(cut: string): Promise<Uint8Array> {
  return readFile(fileURLToPath(import.meta.resolve(`${FAMILY}/${cut}/Arimo_${cut}.ttf`)));
}
