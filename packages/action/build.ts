// Bundles the Action: GitHub runs what is committed under dist/, without an install step.
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// ssh2 and undici are CommonJS: in an ES module they need require and __dirname made for them.
const banner = [
  'import{createRequire as __createRequire}from"node:module";',
  'import{fileURLToPath as __toPath}from"node:url";',
  'import{dirname as __toFolder}from"node:path";',
  "const require=__createRequire(import.meta.url);",
  "const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);",
].join("");

// `node build.ts FOLDER` builds elsewhere, to compare with what is committed.
const dist = process.argv[2] ?? here("dist");
await rm(dist, { recursive: true, force: true });
await build({
  // Path comments in the bundle are relative to it.
  absWorkingDir: here("."),
  entryPoints: [here("src/main.ts"), here("src/post.ts")],
  outdir: dist,
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
await cp(here("../core/target"), join(dist, "target"), { recursive: true });
