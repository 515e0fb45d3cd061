// The staging folder of a push, and those that killed pushes left.
import { randomBytes } from "node:crypto";
import { insist, persist } from "./persist.ts";
import { ADOPT_STAGING, DISCARD_STAGING } from "./staging-scripts.ts";
import type { TargetCommands } from "./target-commands.ts";

/** Where a push unpacks, and what is there already. */
export interface Staging {
  /** `<plan>.<random>`. */
  readonly name: string;
  /** Ids of parcels, and marks of files. */
  readonly arrived: Set<string>;
  readonly isAdopted: boolean;
}

const ID = /^[0-9a-z-]+$/;

/** Takes over what a killed push of the same plan left, or names a folder that the first parcels make. */
export async function chooseStaging(
  commands: TargetCommands,
  planId: string,
  leftovers: readonly string[],
): Promise<Staging> {
  const fitting = leftovers.filter((other) => new RegExp(`^${planId}\\.[0-9a-f]{8}$`).test(other));
  if (fitting.length === 0) return nameStaging(planId);
  const staging = nameStaging(planId);
  const { stdout } = await persist(
    async () => commands.run({ script: ADOPT_STAGING, staging: staging.name, words: fitting }),
    insist(commands.limit),
  );
  const lines = stdout.split("\n");
  if (lines.includes("spoiled")) return nameStaging(planId);
  const begin = lines.indexOf("adopted");
  if (begin === -1) return staging;
  return {
    name: staging.name,
    arrived: new Set(lines.slice(begin + 1).filter((line) => ID.test(line))),
    isAdopted: true,
  };
}

function nameStaging(planId: string): Staging {
  return { name: `${planId}.${randomBytes(4).toString("hex")}`, arrived: new Set(), isAdopted: false };
}

/** Removes a staging folder, as well as that can be done. */
export async function discardStaging(commands: TargetCommands, name: string): Promise<void> {
  try {
    await commands.run({ script: DISCARD_STAGING, staging: name });
  } catch {
    // It goes after two days; why the push ended is what its caller has to know.
  }
}
