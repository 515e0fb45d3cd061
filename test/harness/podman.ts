import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand, tryCommand } from "./command.ts";
import type { CommandOutput } from "./command.ts";
import { startScratchFolder } from "./scratch-folder.ts";

/** podman with storage and settings of its own. */
export interface Podman extends AsyncDisposable {
  /** Loads an image folder of a Lab as RepX does: its tar, links followed, on stdin. Returns the image's name. */
  load(folder: string): Promise<string>;
  /** Runs a command in an image, without network, as `docker run` is called; a non-zero exit is a value. */
  run(image: string, command: readonly string[], options?: readonly string[]): Promise<CommandOutput>;
}

/** Settings with which podman runs on a machine like ours, rootless too. */
export const PODMAN_SETTINGS = `[containers]
# podman's own limits are more than a root without CAP_SYS_RESOURCE may set.
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
netns = "none"
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
# crun refuses machines with both versions of cgroups.
runtime = "runc"
`;

/** Makes an empty image store; disposing removes it with all images. */
export async function startPodman(): Promise<Podman> {
  const scratch = await startScratchFolder();
  const { path: folder } = scratch;
  const environment = {
    CONTAINERS_CONF: join(folder, "containers.conf"),
    CONTAINERS_STORAGE_CONF: join(folder, "storage.conf"),
  };
  await writeFile(environment.CONTAINERS_CONF, PODMAN_SETTINGS);
  await writeFile(
    environment.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "overlay"\ngraphroot = "${folder}/root"\nrunroot = "${folder}/run"\n`,
  );
  return {
    load: async (image) => {
      const load = `set -o pipefail; tar --directory "$0" --create --dereference . | podman --log-level error load --quiet`;
      const { stdout } = await runCommand(["bash", "-c", load, image], { environment });
      return stdout.trim().replace("Loaded image: ", "");
    },
    run: async (image, command, options = []) =>
      tryCommand(
        ["podman", "--log-level", "error", "run", "--rm", "--network", "none", ...options, image, ...command],
        {
          environment,
        },
      ),
    [Symbol.asyncDispose]: async () => {
      // The storage driver binds its folder to itself, as long as it likes.
      await tryCommand(["umount", join(folder, "root/overlay")]);
      await scratch[Symbol.asyncDispose]();
    },
  };
}
