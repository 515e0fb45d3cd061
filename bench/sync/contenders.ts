// Who sends: rsync, scp and tar over OpenSSH as it comes, and repx. Each opens a connection of its own.
import { join } from "node:path";
import { runCommand } from "../../test/harness/command.ts";
import type { EnginePush } from "./engine.ts";
import type { PushOrder } from "./push-order.ts";
import { COMMAND_SECONDS, removeTree, type Route, type Stand } from "./stand.ts";
import type { TreeSet } from "./store-trees.ts";

/** One way to send one workload. */
export interface Contender {
  readonly name: string;
  /** Before the time is taken: makes the target as it was before, and answers its folder. */
  prepare(): Promise<string>;
  send(folder: string): Promise<void>;
  /** After it: where the trees are then; undefined when nothing can be compared. */
  readonly arrival?: (folder: string) => string;
  /** After everything. */
  finish(folder: string): Promise<void>;
  /** Fewer than the others when it is slow and no bar depends on it. */
  readonly rounds?: number;
}

/** What a contender finds at the target. */
export interface Before {
  prepare(): Promise<string>;
  finish(folder: string): Promise<void>;
}

export const SAME_CIPHER = "aes128-gcm@openssh.com";

/** An empty folder each time. */
export function startEmpty(stand: Stand): Before {
  let number = 0;
  return {
    prepare: async () => stand.makeTargetFolder(`empty-${number++}-${Math.random().toString(36).slice(2)}`),
    finish: removeTree,
  };
}

/** A copy of what was sent once before. */
export function startCopies(stand: Stand, original: string): Before {
  const empty = startEmpty(stand);
  return {
    ...empty,
    prepare: async () => {
      const folder = await empty.prepare();
      await run(["cp", "-a", `${original}/.`, folder]);
      return folder;
    },
  };
}

/** The very same folder each time, for what leaves it as it is. */
export function keep(folder: string): Before {
  return { prepare: async () => folder, finish: async () => {} };
}

export interface Sending {
  readonly stand: Stand;
  readonly route: Route;
  readonly before: Before;
  readonly set: TreeSet;
}

/** `rsync` with flags, `-a` among them; `ssh` are options of OpenSSH. */
export function makeRsync(
  { stand, route, before, set }: Sending,
  name: string,
  flags: readonly string[],
  ssh: readonly string[] = [],
): Contender {
  const shell = [...route.ssh, ...ssh].join(" ");
  return {
    name,
    ...before,
    send: async (folder) => run(["rsync", ...flags, "-e", shell, `${set.folder}/`, `${stand.login}:${folder}/`]),
    arrival: (folder) => folder,
  };
}

/** What rsync needs for a change that is seen as a whole: a second tree of hard links and what changed, then two renames. */
export function makeRsyncAtomic({ stand, route, before, set }: Sending): Contender {
  return {
    name: "rsync -a --link-dest + rename",
    ...before,
    send: async (folder) => {
      const next = `${stand.login}:${folder}/next/`;
      const link = `--link-dest=${folder}/current`;
      await run(["rsync", "-a", link, "-e", route.ssh.join(" "), `${set.folder}/`, next]);
      const rename = `cd ${folder} && mv -T current last && mv -T next current`;
      await run([...route.ssh, stand.login, rename]);
    },
    arrival: (folder) => join(folder, "current"),
  };
}

/** `scp -r`, which is slow, and makes a file of a symbolic link. */
export function makeScp({ stand, route, before, set }: Sending): Contender {
  const flags = route.ssh.slice(1);
  const sources = set.names.map((name) => join(set.folder, name));
  return {
    name: "scp -r",
    ...before,
    rounds: 1,
    send: async (folder) => run(["scp", "-r", "-q", ...flags, ...sources, `${stand.login}:${folder}/`]),
  };
}

/** `tar | ssh tar`, which sends everything whatever is there. */
export function makeTar({ stand, route, before, set }: Sending, rounds?: number): Contender {
  return {
    name: "tar | ssh tar",
    ...before,
    ...(rounds !== undefined && { rounds }),
    send: async (folder) =>
      runPipe(`tar -C "$0" -cf - . | "$@"`, set.folder, [...route.ssh, stand.login, `tar -C ${folder} -xf -`]),
    arrival: (folder) => folder,
  };
}

/** `cat | ssh cat`: what no copy that uses OpenSSH goes below. */
export function makeCat({ stand, route, before, set }: Sending, name: string, ssh: readonly string[] = []): Contender {
  const files = set.files.map((path) => `"$0"/${path}`).join(" ");
  return {
    name,
    ...before,
    send: async (folder) =>
      runPipe(`cat ${files} | "$@"`, set.folder, [...route.ssh, ...ssh, stand.login, `cat >${folder}/all`]),
  };
}

/** repx in its process; `onPushed` is told what it did. */
export function makeRepx(
  { stand, route, before, set }: Sending,
  { place = "store", onPushed = () => {} }: { place?: "store" | "jobs"; onPushed?: (pushed: EnginePush) => void } = {},
): Contender {
  return {
    name: "repx",
    ...before,
    send: async (folder) => onPushed(await stand.engine.runPush(orderPush(stand, route, set, folder, place))),
    arrival: (folder) => join(folder, "artifacts", place),
  };
}

/** What repx is asked to do: store paths that are added, or trees elsewhere that are replaced. */
export function orderPush(
  stand: Stand,
  route: Route,
  set: TreeSet,
  basePath: string,
  place: "store" | "jobs" = "store",
): PushOrder {
  return {
    address: { user: stand.server.user, host: stand.server.host, port: route.port },
    privateKey: stand.server.privateKey,
    knownHosts: route.knownHosts,
    basePath,
    items: set.names.map((name) => ({
      source: join(set.folder, name),
      destination: `artifacts/${place}/${name}`,
      replaces: place === "jobs",
    })),
  };
}

async function run(argv: readonly string[]): Promise<void> {
  await runCommand(argv, { timeoutSeconds: COMMAND_SECONDS });
}

async function runPipe(script: string, first: string, argv: readonly string[]): Promise<void> {
  await run(["bash", "-c", `set -o pipefail; ${script}`, first, ...argv]);
}
