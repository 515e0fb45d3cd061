import { lutimes, readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Gives all that is in a folder, and the folder, the time that a Nix store has: ids of parcels follow from times, and a
 * push that is begun again must have the same ones.
 */
export async function fixTimes(folder: string): Promise<void> {
  for (const name of ["", ...(await readdir(folder, { recursive: true }))]) await lutimes(join(folder, name), 1, 1);
}
