import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tryCommand } from "./command.ts";
import { withLogs } from "./log-files.ts";
import { startDaemon, stopByPidFile } from "./process.ts";
import { startScratchFolder } from "./scratch-folder.ts";
import { waitUntil } from "./wait-until.ts";

/** A dockerd with images, settings and socket of its own. */
export interface DockerDaemon extends AsyncDisposable {
  /** What a client needs: DOCKER_HOST. */
  readonly environment: Readonly<Record<string, string>>;
}

// It sets up no network, and promises its containers no more than a root without CAP_SYS_RESOURCE may give.
const SETTINGS = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--default-ulimit", "nofile=20000:20000"];

/** Starts dockerd for the members of a group and waits until it answers; disposing ends it and removes all that it has. */
export async function startDockerDaemon(group: string): Promise<DockerDaemon> {
  const scratch = await startScratchFolder();
  const { path: folder } = scratch;
  const pidFile = join(folder, "dockerd.pid");
  const logFile = join(folder, "dockerd.log");
  const host = `unix://${folder}/docker.sock`;
  const places = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--host", host];
  const argv = [
    "/usr/sbin/dockerd",
    ...places,
    "--pidfile",
    join(folder, "own.pid"),
    "--group",
    group,
    ...SETTINGS,
  ] as const;
  const stop = async () => {
    await stopByPidFile(pidFile, { comm: "dockerd", mentions: folder, graceSeconds: 20 });
    // Its own places may be mounts, and a container that had the host's network leaves one.
    const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").map((line) => line.split(" ")[4] ?? "");
    for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).toReversed()) {
      await tryCommand(["umount", mount]);
    }
    await scratch[Symbol.asyncDispose]();
  };
  try {
    await tryCommand(["chmod", "755", folder]);
    await startDaemon({ argv: [...argv], logFile, pidFile, folder });
    await withLogs(
      "dockerd did not start",
      async () => readFile(logFile, "utf8"),
      async () =>
        waitUntil({ what: "dockerd to answer", timeoutSeconds: 30 }, async () => {
          const said = await tryCommand(["docker", "--host", host, "version"], { timeoutSeconds: 5 });
          return said.exitCode === 0;
        }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { environment: { DOCKER_HOST: host }, [Symbol.asyncDispose]: stop };
}
