import { readFile } from "node:fs/promises";
import { RepxError } from "../model/errors.ts";
import type { Target } from "./config.ts";
import { parsePrivateKey, type PrivateKey } from "./private-key.ts";

/** What proves who we are, and whom we trust. */
export interface Credentials {
  /** Text of a private key; without it the target's `identity_file` is read. */
  readonly privateKey?: string;
  readonly passphrase?: string;
  /** Text in known_hosts format; when blank, the target's `known_hosts` file is read. */
  readonly knownHosts: string;
  /** For connecting; 30 when not given. */
  readonly deadlineSeconds?: number;
  /** For targets on this machine: the environment of every command; the process's own when not given. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Takes what was given, else what the target's files hold. */
export async function readSshCredentials(
  target: Target,
  credentials: Credentials,
): Promise<{ privateKey: PrivateKey; knownHosts: string }> {
  const { text, source } = await readKeyText(target, credentials);
  return {
    privateKey: parsePrivateKey(text, credentials.passphrase, source),
    knownHosts: await readKnownHosts(target, credentials),
  };
}

async function readKeyText(target: Target, credentials: Credentials): Promise<{ text: string; source: string }> {
  if (credentials.privateKey !== undefined) return { text: credentials.privateKey, source: "the SSH key" };
  const path = target.identityFile;
  if (path === undefined) {
    throw new RepxError("SSH_KEY_INVALID", `no SSH key for target ${target.name} was given`, {
      hint: `Give a private key, or name its file as identity_file in [targets.${target.name}].`,
    });
  }
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new RepxError("SSH_KEY_INVALID", `identity_file ${path} of target ${target.name} cannot be read`, {
      hint: `See \`ls -l ${path}\`: it must exist and be readable by the user who runs this.`,
      cause,
    });
  });
  return { text, source: path };
}

async function readKnownHosts(target: Target, credentials: Credentials): Promise<string> {
  if (credentials.knownHosts.trim() !== "" || target.knownHosts === undefined) return credentials.knownHosts;
  const path = target.knownHosts;
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new RepxError("CONFIG_INVALID", `known_hosts ${path} of target ${target.name} cannot be read`, {
      hint: `See \`ls -l ${path}\`: it must exist and be readable by the user who runs this.`,
      cause,
    });
  });
}
