import { join } from "node:path";
import { startScratchFolder } from "./scratch-folder.ts";
import { writeClientKey } from "./ssh-server.ts";

export interface SshKeyPair {
  readonly private: string;
  /** Type and key, as known_hosts wants them. */
  readonly public: string;
}

/** Makes a key pair as `ssh-keygen` does: of those that ssh2 makes of ed25519, four in a thousand cannot be read again. */
export async function makeSshKeyPair(): Promise<SshKeyPair> {
  await using folder = await startScratchFolder();
  const key = await writeClientKey(join(folder.path, "key"));
  return { private: key.privateKey, public: key.publicKey.split(" ").slice(0, 2).join(" ") };
}
