// A machine without SLURM, as SSH shows it: sshd for the cluster's user, and a PATH on which there is none of SLURM's programs.
import { readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTransport, type Transport } from "../../packages/core/src/target/transport/transport.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { findMarked, killProcesses } from "../harness/process.ts";
import { startSshServer } from "../harness/ssh-server.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";

export interface LocalSite extends AsyncDisposable {
  readonly folder: string;
  readonly user: ClusterUser;
  readonly transport: Transport;
  /** What every session there gets, PATH among it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends every session and the server that they came through. */
  hangUp(): Promise<void>;
  /** Kills all that was started there, as a power cut would: agent, relays, tasks, jobs. */
  killAll(): Promise<void>;
}

const SLURM =
  /^s(acct|acctmgr|alloc|attach|batch|bcast|cancel|control|crontab|diag|info|prio|queue|report|run|share|stat|trigger|view)$/;

/** Starts the machine in an empty folder; it says that it has this many cores. */
export async function startLocalSite(path: string, cores: number): Promise<LocalSite> {
  await rm(path, { recursive: true, force: true });
  const folder = await makeTraversableFolder(path);
  const user = await ensureClusterUser();
  const environment = {
    PATH: await linkTools(join(folder, "tools"), cores),
    // The mark by which what was started here is found again; no epilog rings there.
    REPX_SPOOL: join(folder, "no-spool"),
    REPX_TICK_SECONDS: "0.2",
    REPX_SWEEP_SECONDS: "1",
    REPX_KILL_SECONDS: "1",
  };
  const ssh = await startSshServer({ folder: join(folder, "ssh"), user, environment });
  const address = { user: user.name, host: ssh.host, port: ssh.port };
  const target = { name: "machine", address, basePath: folder, scheduler: "local" } as const;
  const credentials = { privateKey: ssh.privateKey, knownHosts: ssh.knownHosts };
  const transport = await openTransport(target, { ...credentials, environment: { HOME: folder } });
  const killAll = async () => {
    // What is forking while it is looked for is found the next time.
    for (let found = await findStarted(environment.REPX_SPOOL); found.length > 0;) {
      await killProcesses(found);
      found = await findStarted(environment.REPX_SPOOL);
    }
  };
  return {
    folder,
    user,
    transport,
    environment,
    killAll,
    hangUp: async () => {
      await transport[Symbol.asyncDispose]();
      await ssh.stop();
    },
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await killAll();
      await ssh[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findStarted(mark: string): Promise<Awaited<ReturnType<typeof findMarked>>> {
  return (await findMarked("REPX_SPOOL", mark)).filter(({ comm }) => comm !== "sshd");
}

async function linkTools(folder: string, cores: number): Promise<string> {
  await makeTraversableFolder(folder);
  await writeFile(join(folder, "nproc"), `#!/bin/sh\necho ${cores}\n`, { mode: 0o755 });
  const names = (await readdir("/usr/bin")).filter((name) => !SLURM.test(name) && name !== "nproc");
  await Promise.all(names.map(async (name) => symlink(join("/usr/bin", name), join(folder, name))));
  return folder;
}
