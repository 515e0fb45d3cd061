// The engine as it is shipped: bundled like the Action, so that no time goes into reading TypeScript.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "../../packages/action/bundle.ts";
import type * as Order from "./push-order.ts";

/** What measures pushes, built. */
export interface Engine extends Pick<typeof Order, "connect" | "runPush"> {
  /** `push-once`, a program. */
  readonly program: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds into a folder that is there. */
export async function buildEngine(folder: string): Promise<Engine> {
  const programs = {
    "push-order": here("push-order.ts"),
    "push-once": here("push-once.ts"),
    "pack-worker": here("../../packages/core/src/sync/pack/pack-worker.ts"),
  };
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await bundle(programs, folder, folder);
  const built: unknown = await import(pathToFileURL(join(folder, "push-order.js")).href);
  if (!isOrder(built)) throw new Error("the bundle has other exports than its source");
  return { connect: built.connect, runPush: built.runPush, program: join(folder, "push-once.js") };
}

function isOrder(module: unknown): module is typeof Order {
  return typeof module === "object" && module !== null && "connect" in module && "runPush" in module;
}
