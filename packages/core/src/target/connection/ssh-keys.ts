import { RepxError } from "../../model/errors.ts";
import type { Credentials } from "./credentials.ts";
import { readCertificates, readIdentity, readIdentityText, type Identity } from "../key/identity-file.ts";
import { listLoginKeys, signWithAgent, type LoginKey, type Signer } from "../key/login-key.ts";
import type { Passphrases } from "../key/passphrases.ts";
import { parsePrivateKey } from "../key/private-key.ts";
import { listAgentKeys } from "../key/ssh-agent.ts";
import type { SshHop } from "../route/ssh-route.ts";

/** What a hop can be offered. */
export interface HopKeys {
  readonly keys: readonly LoginKey[];
  /** Why other keys cannot be used, a sentence each. */
  readonly problems: readonly string[];
}

/** Where keys come from beside the hop's own files. */
export interface KeySources {
  readonly credentials: Credentials;
  readonly passphrases: Passphrases;
  /** The identity file that the target's table names: that it is not there is worth telling. */
  readonly namedIdentityFile?: string;
  readonly signal: AbortSignal;
}

/**
 * Collects what a hop is offered, in ssh's order: a key given as text; those of the agent, first the ones that identity
 * files name; those of the identity files. The target itself gets a key given as text alone.
 */
export async function collectKeys(hop: SshHop, isTarget: boolean, sources: KeySources): Promise<HopKeys> {
  const given = await readGivenKey(sources);
  if (given !== undefined && isTarget) {
    return { keys: listLoginKeys([given], await readCertificates(hop)), problems: [] };
  }
  const identities = await Promise.all(hop.identityFiles.map((path) => readIdentity(path, sources.passphrases)));
  const agent = await readAgent(hop, sources);
  const signers = [...(given === undefined ? [] : [given]), ...orderSigners(hop, identities, agent.signers)];
  const certificates = await readCertificates(hop);
  const held = new Set(signers.map((signer) => signer.keyBlob.toString("base64")));
  const isHeld = (identity: Identity): boolean => held.has(identity.keyBlob?.toString("base64") ?? "");
  const problems = identities.flatMap((identity) => {
    const isExpected = identity.isMissing && identity.path !== sources.namedIdentityFile;
    return identity.problem === undefined || isExpected || isHeld(identity) ? [] : [identity.problem];
  });
  return { keys: listLoginKeys(signers, certificates), problems: [...agent.problems, ...problems] };
}

async function readGivenKey({ credentials, passphrases }: KeySources): Promise<Signer | undefined> {
  if (credentials.privateKey === undefined) return undefined;
  const source = "the SSH key";
  const { signer } = await readIdentityText(credentials.privateKey, source, passphrases);
  if (signer !== undefined) return signer;
  // Throws: the error's own words and hint are the ones to show.
  parsePrivateKey(credentials.privateKey, credentials.passphrase, source);
  throw new RepxError("SSH_KEY_INVALID", `${source} cannot be used`, { hint: "Give another private key." });
}

async function readAgent(
  { agentSocket }: SshHop,
  { signal }: KeySources,
): Promise<{ signers: Signer[]; problems: string[] }> {
  if (agentSocket === undefined) return { signers: [], problems: [] };
  try {
    const keys = await listAgentKeys(agentSocket, signal);
    return { signers: keys.map((key) => signWithAgent(agentSocket, key, signal)), problems: [] };
  } catch (error) {
    // An agent that has gone is no reason to stop while there are files, nor to keep silent about it.
    const why = error instanceof Error ? error.message : String(error);
    return { signers: [], problems: [`the agent at ${agentSocket} does not answer (${why})`] };
  }
}

function isNamedBy(identity: Identity, signer: Signer): boolean {
  return identity.keyBlob?.equals(signer.keyBlob) === true;
}

function orderSigners(hop: SshHop, identities: readonly Identity[], agent: readonly Signer[]): Signer[] {
  const named = identities.flatMap((identity) => agent.filter((signer) => isNamedBy(identity, signer)));
  const others = hop.identitiesOnly ? [] : agent.filter((signer) => !named.includes(signer));
  const isHeldByAgent = (identity: Identity): boolean =>
    named.some((signer) => signer.certificate === undefined && isNamedBy(identity, signer));
  const files = identities.filter((identity) => !isHeldByAgent(identity));
  return [...named, ...others, ...files.flatMap((identity) => identity.signer ?? [])];
}
