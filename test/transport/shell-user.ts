import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openTransport, type Transport } from "../../packages/core/src/target/transport/transport.ts";
import { ensureClusterUser, type ClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer } from "../harness/ssh-server.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** Where each shell looks for what to do before a command of sshd's. */
export const STARTUP_FILES = { bash: ".bashrc", tcsh: ".cshrc", fish: ".config/fish/config.fish" } as const;

export type ShellName = keyof typeof STARTUP_FILES;

export interface ShellUser extends AsyncDisposable {
  readonly user: ClusterUser;
  /** A folder that goes with the user; `home` lies in it. */
  readonly folder: string;
  open(): Promise<Transport>;
  writeStartup(text: string): Promise<void>;
}

let users = 0;

/** Makes a user with a login shell and a home folder of its own, and an sshd for it; all of them go at the end. */
export async function startShellUser(
  shell: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ShellUser> {
  const scratch = await startScratchFolder();
  const name = `rx${process.pid}n${++users}`;
  const home = join(scratch.path, "home");
  const user = await ensureClusterUser({ name, home });
  await waitForLock(["usermod", "-s", shell, name]);
  const server = await startSshServer({ folder: join(scratch.path, "sshd"), user, environment });
  const address = { user: name, host: server.host, port: server.port };
  return {
    user,
    folder: scratch.path,
    open: async () => {
      const { privateKey, knownHosts } = server;
      const target = { name: "shell", address, basePath: home, scheduler: "slurm" as const };
      return openTransport(target, { privateKey, knownHosts, deadlineSeconds: 10 });
    },
    writeStartup: async (text) => {
      const file = Object.entries(STARTUP_FILES).find(([known]) => shell.endsWith(`/${known}`))?.[1];
      if (file === undefined) throw new Error(`no start-up file is known for ${shell}`);
      await mkdir(dirname(join(home, file)), { recursive: true });
      await writeFile(join(home, file), text);
      await runCommand(["chown", "-R", `${name}:`, home]);
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await waitForLock(["userdel", name]);
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** Runs what changes /etc/passwd, whose lock another test may hold, and what a process that is just ending may forbid. */
async function waitForLock(argv: readonly string[]): Promise<void> {
  const isDone = async () => (await tryCommand(argv)).exitCode === 0;
  await waitUntil({ what: argv.join(" "), timeoutSeconds: 10, intervalMs: 200 }, isDone);
}
