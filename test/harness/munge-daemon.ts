import { randomBytes } from "node:crypto";
import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand, tryCommand } from "./command.ts";
import { isAlive, readPidFile, stopByPidFile } from "./process.ts";
import { makeTraversableFolder } from "./traversable-folder.ts";
import { waitUntil } from "./wait-until.ts";

/** sizeof(sockaddr_un.sun_path) is 108 on Linux, one of them for the final zero. */
const SOCKET_PATH_BYTES = 107;

export interface MungeDaemon extends AsyncDisposable {
  readonly socket: string;
  /** As when the service is dead: nobody can prove who they are until `start`, which keeps the key. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a munged with a key and a socket of its own; the machine's munge (/etc/munge, /run/munge) stays untouched. */
export async function startMungeDaemon(folder: string): Promise<MungeDaemon> {
  const at = await makeTraversableFolder(folder, "munge");
  const socket = join(at, "m.sock");
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES) {
    throw new Error(`${socket} is longer than ${SOCKET_PATH_BYTES} bytes: give the cluster a shorter folder`);
  }
  const pidFile = join(at, "munged.pid");
  const key = join(at, "munge.key");
  const stop = async () => stopByPidFile(pidFile, { comm: "munged", mentions: at, graceSeconds: 2 });
  const start = async () => {
    for (const name of await readdir(at)) if (name.startsWith("m.sock")) await rm(join(at, name), { force: true });
    await runCommand([
      "/usr/sbin/munged",
      "--force",
      `--key-file=${key}`,
      `--socket=${socket}`,
      `--pid-file=${pidFile}`,
      `--log-file=${join(await makeTraversableFolder(folder, "log"), "munged.log")}`,
      `--seed-file=${join(at, "seed")}`,
      "--num-threads=4",
    ]);
    await waitForAnswer(pidFile, socket);
  };
  await stop();
  await rm(key, { force: true });
  await writeFile(key, randomBytes(1024), { mode: 0o400 });
  await chmod(key, 0o400);
  await start();
  return { socket, stop, start, [Symbol.asyncDispose]: stop };
}

async function waitForAnswer(pidFile: string, socket: string): Promise<void> {
  await waitUntil({ what: "munged to answer", timeoutSeconds: 10 }, async () => {
    const pid = await readPidFile(pidFile);
    if (pid === undefined || !(await isAlive(pid, { comm: "munged" }))) return false;
    return (await tryCommand(["munge", "-n", "-S", socket])).exitCode === 0;
  });
}
