import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder with a path short enough for unix sockets, and removes it with all it holds at the end. */
export async function startScratchFolder(parent = "/tmp"): Promise<ScratchFolder> {
  // Not TMPDIR: its path may be long, or closed to the cluster's user.
  const path = await mkdtemp(join(parent, "rx-"));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
