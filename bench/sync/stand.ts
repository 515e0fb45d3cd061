// What every measurement needs: a server, the lines that lead to it, and folders in memory on both sides.
import { chmod, chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureClusterUser } from "../../test/harness/cluster-user.ts";
import { runCommand } from "../../test/harness/command.ts";
import { startNetworkLineProcess, type NetworkLineProcess } from "../../test/harness/network-line-process.ts";
import { startScratchFolder } from "../../test/harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../../test/harness/ssh-server.ts";
import { makeTraversableFolder } from "../../test/harness/traversable-folder.ts";
import { buildEngine, startEngine, type Engine } from "./engine.ts";
import { startWorkloads, type Workloads } from "./workloads.ts";

/** The ways to the target: bare loopback, a round trip of 20 ms, 100 Mbit/s in each direction. */
export const LINES = {
  loopback: undefined,
  "20 ms": { roundTripSeconds: 0.02 },
  "100 Mbit/s": { bytesPerSecond: 12_500_000 },
} as const;
export type LineName = keyof typeof LINES;

/** A way to the server. */
export interface Route {
  readonly port: number;
  /** OpenSSH as it comes, with key and known_hosts of the server: everything but the host and the command. */
  readonly ssh: readonly string[];
  readonly knownHosts: string;
  readonly line: NetworkLineProcess | undefined;
}

export interface Stand extends AsyncDisposable {
  readonly engine: Engine;
  /** A second process, which has pushed nothing yet. */
  startEngine(): Promise<Engine>;
  readonly workloads: Workloads;
  readonly server: SshServer;
  /** `user@host` */
  readonly login: string;
  /** Where sshd writes its pid. */
  readonly serverFolder: string;
  openRoute(line: LineName): Promise<Route>;
  /** Makes a folder on the target's side that belongs to the server's user. */
  makeTargetFolder(name: string): Promise<string>;
}

/** In memory: the engine and the tools are measured, not a disk. */
const MEMORY = "/dev/shm";
/** More than any one command needs, that of a slow machine too. */
export const COMMAND_SECONDS = 300;

/** Starts the server and writes nothing yet. */
export async function startStand(): Promise<Stand> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await startScratchFolder(MEMORY));
  await chmod(scratch.path, 0o755);
  const user = await ensureClusterUser();
  const serverFolder = join(scratch.path, "sshd");
  const server = stack.use(await startSshServer({ folder: serverFolder, user }));
  const targets = await makeTraversableFolder(scratch.path, "target");
  const routes = new Map<LineName, Route>();
  const built = await makeTraversableFolder(scratch.path, "engine");
  const program = await buildEngine(built);
  const engine = stack.use(await startEngine(program));
  const started = stack.move();
  return {
    engine,
    startEngine: async () => startEngine(program),
    server,
    serverFolder,
    login: `${server.user}@${server.host}`,
    workloads: startWorkloads(join(scratch.path, "source")),
    openRoute: async (line) => {
      const found = routes.get(line);
      if (found !== undefined) return found;
      const options = LINES[line];
      const opened = options && started.use(await startNetworkLineProcess({ port: server.port, ...options }));
      const route = await describeRoute(scratch.path, server, opened);
      routes.set(line, route);
      return route;
    },
    makeTargetFolder: async (name) => {
      const folder = join(targets, name);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      await chown(folder, user.uid, user.gid);
      return folder;
    },
    [Symbol.asyncDispose]: async () => started.disposeAsync(),
  };
}

async function describeRoute(folder: string, server: SshServer, line: NetworkLineProcess | undefined): Promise<Route> {
  const port = line?.port ?? server.port;
  const knownHosts = server.knownHosts.replace(`:${server.port} `, () => `:${port} `);
  const file = join(folder, `known_hosts-${port}`);
  await writeFile(file, knownHosts);
  const options = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${file}`];
  const flags = ["-o", `IdentityFile=${server.privateKeyPath}`, "-o", `Port=${port}`];
  const ssh = ["ssh", "-F", "none", ...options.flatMap((option) => ["-o", option]), ...flags];
  return { port, ssh, knownHosts, line };
}

/** Removes a tree, read-only folders and all. */
export async function removeTree(folder: string): Promise<void> {
  await runCommand(["rm", "-rf", folder], { timeoutSeconds: COMMAND_SECONDS });
}
