import type { HostKeyOffer } from "../host-key/first-use.ts";
import type { KnownHosts } from "../host-key/known-hosts.ts";
import { readIfThere } from "../config/read-if-there.ts";
import { readRevokedKeys } from "../host-key/revoked-keys.ts";
import type { SshHop } from "../route/ssh-route.ts";

/** What proves who we are, and whom we trust. */
export interface Credentials {
  /** Text of a private key: the only one that the target is offered; jump hosts are offered their own ones too. */
  readonly privateKey?: string;
  /** Of the private key, or of encrypted identity files. */
  readonly passphrase?: string;
  /** Text in known_hosts format; when blank, the files that the target or ssh_config names are read. */
  readonly knownHosts: string;
  /** For connecting, over all hops, without the time in which a person is asked; 30 when not given. */
  readonly deadlineSeconds?: number;
  /**
   * This process's. For targets on this machine, what of it a login would have is the environment of every command (all
   * of it when not given). For SSH, HOME and SSH_AUTH_SOCK tell where ssh_config, keys and agent are.
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** Asks a person for the passphrase of `what`, a path; undefined means that there is none. One question at a time. */
  readonly askPassphrase?: (what: string, signal: AbortSignal) => Promise<string | undefined>;
  /**
   * Asks a person whether an unknown host key is the right one; never called for a changed or revoked one. The signal of
   * both aborts when connecting has ended: the answer is no longer wanted, and nothing is done with it.
   */
  readonly acceptHostKey?: (offer: HostKeyOffer, signal: AbortSignal) => Promise<boolean>;
}

/** Reads what is known of a hop's key: what no host may have, and the text that was given, else the hop's files, of which any may be missing; one that cannot be read stops us: it may revoke a key. */
export async function readKnownHosts(hop: SshHop, credentials: Credentials): Promise<KnownHosts[]> {
  const revoked = hop.revokedKeysFile === undefined ? [] : [await readRevokedKeys(hop.revokedKeysFile)];
  if (credentials.knownHosts.trim() !== "") return [...revoked, { text: credentials.knownHosts }];
  const texts = await Promise.all(hop.knownHostsFiles.map(readKnownHostsFile));
  return [...revoked, ...texts.filter((text) => text !== undefined)];
}

async function readKnownHostsFile(path: string): Promise<KnownHosts | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : { text, path };
}
