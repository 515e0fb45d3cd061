import { mkdtemp, rm } from "node:fs/promises";
import { tryCommand } from "./command.ts";
import { waitUntil } from "./wait-until.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

/** Starts a world of a test's own in a folder that goes with it. */
export async function makeTemporaryWorld(name: string, options: Partial<WorldOptions> = {}): Promise<World> {
  const folder = await mkdtemp(`/tmp/repx-${name}-`);
  const remove = async (): Promise<void> => {
    // Store paths are read-only, and rm(1) as root does not mind. A job that ends at this moment still writes its record.
    await waitUntil({ what: `${folder} to be removed`, timeoutSeconds: 60, intervalMs: 500 }, async () => {
      const { exitCode } = await tryCommand(["rm", "-rf", folder], { timeoutSeconds: 120 });
      return exitCode === 0;
    });
  };
  try {
    const world = await startWorld({ folder, ...options });
    return {
      ...world,
      [Symbol.asyncDispose]: async () => {
        try {
          await world[Symbol.asyncDispose]();
        } finally {
          await remove();
        }
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
