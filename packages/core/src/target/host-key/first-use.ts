import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A host key that nothing is known of, for a person to decide on. */
export interface HostKeyOffer {
  /** The host's name as known_hosts lists it: `host`, `[host]:port` or the alias. */
  readonly host: string;
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** `ssh-ed25519`, say. */
  readonly type: string;
  /** What is added to known_hosts when the key is accepted. */
  readonly line: string;
}

/** Adds a line to a known_hosts file, which is made (0600, in a folder of 0700) where there is none; once is enough. */
export async function addKnownHost(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  if (text.split(/\r?\n/).includes(line)) return;
  const file = await open(path, "a", 0o600);
  try {
    // One write at the end of the file: what others add at the same time stays whole.
    await file.write(`${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`);
  } finally {
    await file.close();
  }
}
