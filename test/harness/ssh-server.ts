import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { ClusterUser } from "./cluster-user.ts";
import { runCommand, tryCommand } from "./command.ts";
import { findFreePort } from "./free-port.ts";
import { readLogFolder, withLogs } from "./log-files.ts";
import { killProcesses, readPidFile, readProcess, readTree, isAlive, startDaemon } from "./process.ts";
import { makeTraversableFolder } from "./traversable-folder.ts";
import { waitUntil } from "./wait-until.ts";

export interface SshServerOptions {
  readonly folder: string;
  readonly user: ClusterUser;
  /** What every session gets (SetEnv): SLURM_CONF, say. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly maxAuthTries?: number;
  readonly maxSessions?: number;
  /** Whether the server can ask for a second factor; nobody can answer it. */
  readonly hasKeyboardInteractive?: boolean;
  /** Lines appended to sshd_config. */
  readonly extraConf?: string;
}

export interface ClientKey {
  readonly privateKeyPath: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface SshServer extends ClientKey, AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: string;
  /** The line of a known_hosts file for the host key of now. */
  readonly knownHosts: string;
  /** SHA256:… as ssh prints it, for the host key of now. */
  readonly hostKeyFingerprint: string;
  readonly version: string;
  /** Gives the host another key and starts sshd again on the same port. */
  replaceHostKey(): Promise<void>;
  /** Ends the server with all its sessions; `start` brings it back. */
  stop(): Promise<void>;
  start(): Promise<void>;
  readLogs(): Promise<string>;
  /** Where sshd writes down every session. */
  readonly logFile: string;
}

/** Starts OpenSSH's sshd on a free port of loopback, with a host key and a client key of its own, for one user. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const folder = await makeTraversableFolder(options.folder);
  const port = await findFreePort();
  const readLogs = async () => readLogFolder(join(folder, "log"));
  await stopSshd(folder);
  await rm(join(folder, "log"), { recursive: true, force: true });
  // Debian's privilege separation folder: systemd would make it.
  await mkdir("/run/sshd", { recursive: true });
  const client = await writeClientKey(join(folder, "client_ed25519"));
  const keys = await makeTraversableFolder(folder, "authorized");
  await writeFile(join(keys, options.user.name), client.publicKey);
  await writeFile(join(folder, "sshd_config"), renderSshdConfig(folder, port, options));
  let hostKey = (await writeClientKey(join(folder, "host_ed25519"))).publicKey;
  const start = async () => {
    await withLogs("sshd did not start", readLogs, async () => startSshd(folder, port));
  };
  const stop = async () => stopSshd(folder);
  await start();
  return {
    ...client,
    host: "127.0.0.1",
    port,
    user: options.user.name,
    readLogs,
    logFile: join(folder, "log/sshd.log"),
    start,
    stop,
    version: (await tryCommand(["ssh", "-V"])).stderr.trim(),
    get knownHosts() {
      return renderKnownHost(port, hostKey);
    },
    get hostKeyFingerprint() {
      const blob = Buffer.from(hostKey.split(" ")[1] ?? "", "base64");
      return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
    },
    replaceHostKey: async () => {
      await stop();
      hostKey = (await writeClientKey(join(folder, "host_ed25519"))).publicKey;
      await start();
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Makes an ed25519 key pair in OpenSSH's format, private part 0600, in place of what is there. */
export async function writeClientKey(path: string): Promise<ClientKey> {
  await rm(path, { force: true });
  await rm(`${path}.pub`, { force: true });
  await runCommand(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "repx-harness", "-f", path]);
  await chmod(path, 0o600);
  const [privateKey, publicKey] = await Promise.all([readFile(path, "utf8"), readFile(`${path}.pub`, "utf8")]);
  return { privateKeyPath: path, privateKey, publicKey };
}

function renderKnownHost(port: number, publicKey: string): string {
  return `[127.0.0.1]:${port} ${publicKey.split(" ").slice(0, 2).join(" ")}\n`;
}

function renderSshdConfig(folder: string, port: number, options: SshServerOptions): string {
  // One SetEnv line only: sshd takes the first and ignores the rest.
  const settings = Object.entries(options.environment ?? {}).map(([name, value]) => {
    if (/["\\\n]/.test(value)) throw new Error(`${name}: sshd_config cannot hold ${JSON.stringify(value)}`);
    return `"${name}=${value}"`;
  });
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder}/host_ed25519`,
    `PidFile ${folder}/sshd.pid`,
    `AuthorizedKeysFile ${folder}/authorized/%u`,
    "StrictModes no",
    "PasswordAuthentication no",
    `KbdInteractiveAuthentication ${options.hasKeyboardInteractive === true ? "yes" : "no"}`,
    "PermitRootLogin no",
    "UsePAM no",
    `AllowUsers ${options.user.name}`,
    "Subsystem sftp internal-sftp",
    `MaxAuthTries ${options.maxAuthTries ?? 6}`,
    `MaxSessions ${options.maxSessions ?? 10}`,
    "MaxStartups 10:30:100",
    "LogLevel VERBOSE",
    ...(settings.length > 0 ? [`SetEnv ${settings.join(" ")}`] : []),
    ...(options.extraConf === undefined ? [] : [options.extraConf.trimEnd()]),
  ];
  return `${lines.join("\n")}\n`;
}

async function startSshd(folder: string, port: number): Promise<void> {
  // -e: to our log file; -D: stay our child, so that its sessions are found as its descendants.
  const { pid } = await startDaemon({
    argv: ["/usr/sbin/sshd", "-D", "-e", "-f", `${folder}/sshd_config`],
    folder,
    logFile: join(folder, "log/sshd.log"),
    pidFile: join(folder, "sshd.pid"),
  });
  await waitUntil({ what: `sshd on port ${port}`, timeoutSeconds: 10 }, async () => {
    if (!(await isAlive(pid, { comm: "sshd" }))) throw new Error("sshd ended at once");
    return readBanner(port);
  });
}

/** The sessions outlive their listener, so all its descendants go with it; a job's or relay's own session does not count. */
async function stopSshd(folder: string): Promise<void> {
  const pidFile = join(folder, "sshd.pid");
  const pid = await readPidFile(pidFile);
  if (pid !== undefined && (await isAlive(pid, { comm: "sshd", mentions: folder }))) {
    const tree = await Promise.all((await readTree(pid)).map((one) => readProcess(one)));
    const found = tree.filter((one) => one !== undefined);
    // The servers first: one that lives a moment longer than its command would still tell how that ended.
    await killProcesses(found.filter(({ comm }) => comm === "sshd"));
    await killProcesses(found.filter(({ comm }) => comm !== "sshd"));
  }
  await rm(pidFile, { force: true });
}

async function readBanner(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port, timeout: 2000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (bytes) => end(bytes.toString("latin1").startsWith("SSH-2.0-")));
    socket.once("error", () => end(false)).once("timeout", () => end(false));
  });
}
