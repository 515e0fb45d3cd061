import { resolve } from "node:path";

/** The folder of the checkout that the harness is part of. */
export const REPOSITORY_ROOT = resolve(import.meta.dirname, "../..");

/** The Node that the product runs on (24, from npm), whatever Node runs this. */
export const NODE = resolve(REPOSITORY_ROOT, "node_modules/.bin/node");
