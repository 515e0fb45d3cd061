// Builds the Action: GitHub runs what is committed under dist/, without an install step.
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// `node build.ts FOLDER` builds elsewhere, to compare with what is committed.
const dist = process.argv[2] ?? here("dist");
await rm(dist, { recursive: true, force: true });
const programs = {
  main: here("src/main.ts"),
  post: here("src/post.ts"),
  "pack-worker": here("../core/src/sync/pack/pack-worker.ts"),
};
await bundle(programs, dist, here("."));
await cp(here("../core/target"), join(dist, "target"), { recursive: true });
await cp(here("src/nix-matcher.json"), join(dist, "nix-matcher.json"));
