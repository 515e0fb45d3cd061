import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BoxImage, writeBoxImage } from "../harness/box-image.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { startDockerDaemon } from "../harness/docker-daemon.ts";
import { PODMAN_SETTINGS } from "../harness/podman.ts";
import { findMarked, killProcesses } from "../harness/process.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

export const ISOLATING = ["bwrap", "podman", "docker"] as const;
export type Isolating = (typeof ISOLATING)[number];

/** A target with an image, on a machine where all three runtimes work for the user. */
export interface RuntimeStand extends AsyncDisposable {
  readonly user: ClusterUser;
  readonly target: TargetFolder;
  readonly image: BoxImage;
  /** A folder that the node has for itself. */
  readonly nodeLocal: string;
  /** What the user's jobs need to find podman's settings and docker's socket. */
  readonly environment: Readonly<Record<string, string>>;
  /** The file `runtime` of a job in the stand's image. */
  table(kind: Isolating, ...more: readonly string[]): string;
}

/** Makes the stand; disposing ends dockerd and removes all files. */
export async function startRuntimeStand(): Promise<RuntimeStand> {
  const user = await ensureClusterUser();
  const scratch = await startScratchFolder();
  const docker = await startDockerDaemon(user.name);
  const target = await makeTargetFolder(scratch.path, user);
  const image = await writeBoxImage(target.base);
  const nodeLocal = await makeOwnFolder(scratch.path, "node local", user);
  const settings = join(scratch.path, "containers.conf");
  await writeFile(settings, PODMAN_SETTINGS);
  const run = await makeOwnFolder(scratch.path, "run", user);
  const images = await makeOwnFolder(scratch.path, "images", user);
  const storage = join(scratch.path, "storage.conf");
  await writeFile(storage, `[storage]\ndriver = "vfs"\ngraphroot = "${images}"\nrunroot = "${run}/containers"\n`);
  await target.giveAway();
  return {
    user,
    target,
    image,
    nodeLocal,
    environment: {
      ...docker.environment,
      CONTAINERS_CONF: settings,
      CONTAINERS_STORAGE_CONF: storage,
      XDG_RUNTIME_DIR: run,
    },
    table: (kind, ...more) =>
      [`kind\t${kind}`, `image\t${image.name}`, `node-local\t${nodeLocal}`, ...more, ""].join("\n"),
    [Symbol.asyncDispose]: async () => {
      await docker[Symbol.asyncDispose]();
      // Rootless podman keeps a process that holds its user namespace.
      await killProcesses(await findMarked("XDG_RUNTIME_DIR", run));
      await scratch[Symbol.asyncDispose]();
    },
  };
}

async function makeOwnFolder(parent: string, name: string, user: ClusterUser): Promise<string> {
  const path = join(parent, name);
  await mkdir(path, { mode: 0o700 });
  await chown(path, user.uid, user.gid);
  return path;
}
