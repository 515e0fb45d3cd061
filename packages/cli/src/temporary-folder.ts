import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";

/** A folder of this process alone. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder in TMPDIR that goes with the process at the latest, be it by Ctrl-C. */
export async function openTemporaryFolder(environment: Readonly<Record<string, string>>): Promise<TemporaryFolder> {
  const parent = environment["TMPDIR"] ?? "";
  const path = await mkdtemp(join(isAbsolute(parent) ? parent : tmpdir(), "repx-"));
  const remove = (): void => {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Read-only folders of an unpacked Lab stay, as those of a process that was killed do; the system clears TMPDIR.
    }
  };
  process.once("exit", remove);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      process.off("exit", remove);
      await rm(path, { recursive: true, force: true });
    },
  };
}
