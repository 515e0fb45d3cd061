import { build } from "esbuild";

// ssh2 and undici are CommonJS: in an ES module they need require and __dirname made for them.
const banner = [
  'import{createRequire as __createRequire}from"node:module";',
  'import{fileURLToPath as __toPath}from"node:url";',
  'import{dirname as __toFolder}from"node:path";',
  "const require=__createRequire(import.meta.url);",
  "const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);",
].join("");

/**
 * Bundles programs as the Action has them. All lie flat in one folder, as chunks do: a chunk finds the program of its
 * threads beside itself. Path comments in what is written are relative to `folder`.
 */
export async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
  folder: string,
): Promise<void> {
  await build({
    absWorkingDir: folder,
    entryPoints: { ...entryPoints },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "chunk-[hash]",
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: banner },
    // ssh2 runs without its native parts.
    external: ["cpu-features", "*.node"],
    legalComments: "linked",
    logLevel: "warning",
  });
}
