import { chmod, chown, mkdir } from "node:fs/promises";
import { type CommandOptions, type CommandOutput, runCommand, tryCommand } from "./command.ts";
import { findMarked, killProcesses } from "./process.ts";
import { waitUntil } from "./wait-until.ts";

export interface ClusterUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Runs a program as this user, with HOME and USER set, and throws when it fails. */
  run(argv: readonly string[], options?: Omit<CommandOptions, "user">): Promise<CommandOutput>;
  /** Ends this user's processes that were started under the cluster of this slurm.conf (jobs, the relay); says how many. */
  endProcessesOf(conf: string): Promise<number>;
}

export interface ClusterUserOptions {
  readonly name?: string;
  /** Used only when the user is made now; one who is there keeps the home of old. */
  readonly home?: string;
}

/** Makes sure that an unprivileged user exists whom sshd lets in by key, and nobody by password. */
export async function ensureClusterUser(options: ClusterUserOptions = {}): Promise<ClusterUser> {
  const name = options.name ?? "repxdemo";
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new Error(`${name} is not a name for a user`);
  const entry = await waitUntil({ what: `user ${name} to exist`, timeoutSeconds: 10, intervalMs: 200 }, async () => {
    const found = await readPasswd(name);
    if (found !== undefined) return found;
    // Another test may hold the lock of /etc/passwd or make the same user: then ask again.
    await tryCommand(["useradd", "-M", "-U", "-d", options.home ?? `/home/${name}`, "-s", "/bin/bash", name]);
    return readPasswd(name);
  });
  if (entry.uid === 0) throw new Error(`${name} is root`);
  await openAccount(name);
  await mkdir(entry.home, { recursive: true });
  await chown(entry.home, entry.uid, entry.gid);
  await chmod(entry.home, 0o755);
  return {
    ...entry,
    run: async (argv, more = {}) =>
      runCommand(argv, {
        folder: entry.home,
        ...more,
        environment: { HOME: entry.home, USER: name, LOGNAME: name, ...more.environment },
        user: { uid: entry.uid, gid: entry.gid },
      }),
    endProcessesOf: async (conf) => endProcessesOf(conf, [entry.uid]),
  };
}

/** Kills the processes of these users whose environment names this slurm.conf; says how many there were. */
export async function endProcessesOf(conf: string, uids: readonly number[]): Promise<number> {
  let count = 0;
  for (;;) {
    // Until none is left: one that was being forked while we looked has the mark as well.
    const found = (await findMarked("SLURM_CONF", conf)).filter((one) => uids.includes(one.uid));
    if (found.length === 0) return count;
    await killProcesses(found);
    count += found.length;
  }
}

/** Reads a user's ids and home as the machine's name service gives them; undefined when there is no such user. */
export async function readPasswd(name: string): Promise<Omit<ClusterUser, "run" | "endProcessesOf"> | undefined> {
  const fields = (await tryCommand(["getent", "passwd", name])).stdout.trim().split(":");
  const [login, , uid, gid, , home] = fields;
  if (login !== name || home === undefined) return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** useradd leaves "!" for a password, which sshd without PAM takes for a locked account; "*" matches no password either. */
async function openAccount(name: string): Promise<void> {
  const readField = async () => (await tryCommand(["getent", "shadow", name])).stdout.split(":")[1];
  await waitUntil({ what: `the account of ${name} to be open`, timeoutSeconds: 10, intervalMs: 200 }, async () => {
    if ((await readField()) === "*") return true;
    await tryCommand(["usermod", "-p", "*", name]);
    return (await readField()) === "*";
  });
}
