// Room for a push: what killed pushes left long ago goes when there is not enough, before anything is sent.
import { parseRoom, type Room } from "../parse-survey.ts";
import { checkSpace, hasSpace, type SpaceNeeded } from "./check-space.ts";
import { insist, persist } from "./persist.ts";
import { REMOVE_LEFTOVERS } from "./staging-scripts.ts";
import type { TargetCommands } from "./target-commands.ts";

/** Throws SYNC_NO_SPACE when a push has no room; asks the target nothing when it has, or when nothing was left there. */
export async function makeRoom(
  commands: TargetCommands,
  needed: SpaceNeeded,
  { room, staging }: { room: Room; staging: string },
): Promise<void> {
  if (hasSpace(needed, room)) return;
  const now = room.leftovers.length === 0 ? room : await removeLeftovers(commands, needed, staging);
  const leftovers = now.leftovers.filter((name) => name !== staging);
  checkSpace(needed, { ...now, leftovers }, commands);
}

async function removeLeftovers(
  commands: TargetCommands,
  { contentBytes }: SpaceNeeded,
  staging: string,
): Promise<Room> {
  const request = { script: REMOVE_LEFTOVERS, staging, bytes: contentBytes };
  const { stdout } = await persist(async () => commands.run(request), insist(commands.limit));
  return parseRoom(stdout);
}
