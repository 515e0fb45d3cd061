// What is at the target before a change is sent: the same trees by each contender, sent once and kept.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../test/harness/command.ts";
import { keep, makeRsync, orderPush } from "./contenders.ts";
import { COMMAND_SECONDS, type Stand } from "./stand.ts";
import type { TreeSet } from "./store-trees.ts";

/** Folders at the target, each sent at its first use over bare loopback. */
export interface EarlierStates {
  byRsync(set: TreeSet): Promise<string>;
  /** As `byRsync`, one folder deeper: `current`. */
  byRsyncInCurrent(set: TreeSet): Promise<string>;
  byRepx(set: TreeSet, place: "store" | "jobs"): Promise<string>;
}

/** Sends nothing yet. */
export function startEarlierStates(stand: Stand): EarlierStates {
  const sent = new Map<string, Promise<string>>();
  const once = async (key: string, set: TreeSet, send: (folder: string) => Promise<string>): Promise<string> => {
    const name = `${key}-${set.folder.split("/").at(-1)}-${set.names.length}`;
    const found = sent.get(name) ?? stand.makeTargetFolder(name).then(send);
    sent.set(name, found);
    return found;
  };
  const byRsync = async (set: TreeSet) =>
    once("rsync", set, async (folder) => {
      const route = await stand.openRoute("loopback");
      // By name: a set may be a part of what lies in its folder.
      const leftOut = await listOthers(set);
      const flags = ["-a", ...leftOut.map((name) => `--exclude=/${name}`)];
      await makeRsync({ stand, route, before: keep(folder), set }, "rsync", flags).send(folder);
      return folder;
    });
  return {
    byRsync,
    byRsyncInCurrent: async (set) =>
      once("current", set, async (folder) => {
        const argv = ["cp", "-a", await byRsync(set), join(folder, "current")];
        await runCommand(argv, { timeoutSeconds: COMMAND_SECONDS });
        return folder;
      }),
    byRepx: async (set, place) =>
      once(`repx-${place}`, set, async (folder) => {
        await stand.engine.runPush(orderPush(stand, await stand.openRoute("loopback"), set, folder, place));
        return folder;
      }),
  };
}

async function listOthers(set: TreeSet): Promise<string[]> {
  const own = new Set(set.names);
  return (await readdir(set.folder)).filter((name) => !own.has(name));
}
