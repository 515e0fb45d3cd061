import { mkdtemp, rm } from "node:fs/promises";
import { runCommand } from "./command.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

/** Starts a world of a test's own in a folder that goes with it. */
export async function makeTemporaryWorld(name: string, options: Partial<WorldOptions> = {}): Promise<World> {
  const folder = await mkdtemp(`/tmp/repx-${name}-`);
  const remove = async (): Promise<void> => {
    // Store paths are read-only, and rm(1) as root does not mind.
    await runCommand(["rm", "-rf", folder], { timeoutSeconds: 120 });
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
