import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** Characters that need no quoting in slurm.conf, sshd_config or a shell: harness folders have no others. */
const PLAIN_PATH = /^\/[A-Za-z0-9/._-]*$/;

/** Folders whose modes are ours to widen; elsewhere (a home folder) we refuse rather than open it to everybody. */
const SCRATCH = ["/tmp", "/var/tmp", "/run", "/dev/shm"];

/** Makes `folder` (0755) and sees to it that every user can go through all folders above it. */
export async function makeTraversableFolder(folder: string, ...names: readonly string[]): Promise<string> {
  const path = join(resolve(folder), ...names);
  if (!PLAIN_PATH.test(path)) throw new Error(`${path}: a harness folder has only letters, digits and / . _ -`);
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  for (let above = dirname(path); above !== "/"; above = dirname(above)) {
    const mode = (await stat(above)).mode & 0o7777;
    if ((mode & 0o001) !== 0) continue;
    if (!SCRATCH.some((scratch) => above.startsWith(`${scratch}/`))) {
      throw new Error(`${above} is closed to other users: put the harness folder under ${SCRATCH.join(", ")}`);
    }
    await chmod(above, mode | 0o011);
  }
  return path;
}
