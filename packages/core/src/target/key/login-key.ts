// What a server is offered, one after the other: keys and certificates, each with a way to sign.
import { fingerprintKey } from "../wire/fingerprint-key.ts";
import type { PrivateKey } from "./private-key.ts";
import { signByAgent, type AgentKey } from "./ssh-agent.ts";
import { nameAlgorithm, parseCertificate, type Certificate } from "./ssh-certificate.ts";

/** One offer to a server. */
export interface LoginKey {
  readonly algorithm: string;
  /** The public key or the certificate. */
  readonly blob: Buffer;
  /** Where it came from and its fingerprint, for messages. */
  readonly label: string;
  /** Signs; the signature comes with the name of its format. */
  readonly sign: (data: Buffer, format: string) => Promise<Buffer>;
}

/** Something that can sign for one public key. */
export interface Signer {
  /** The public key, without a certificate. */
  readonly keyBlob: Buffer;
  /** Where it came from: a path, or the agent with the key's comment. */
  readonly source: string;
  /** Set where the signer signs for a certificate alone, as an agent does for one that it holds. */
  readonly certificate?: Certificate;
  readonly sign: (data: Buffer, format: string) => Promise<Buffer>;
}

/** Makes a signer of a private key. */
export function signWithKey(key: PrivateKey, source: string): Signer {
  return { keyBlob: key.blob, source, sign: async (data, format) => key.sign(data, format) };
}

/** Makes a signer of a key or certificate that an agent holds. */
export function signWithAgent(path: string, key: AgentKey, signal: AbortSignal): Signer {
  const certificate = parseCertificate(key.blob);
  return {
    keyBlob: certificate?.keyBlob ?? key.blob,
    source: key.comment === "" ? "the agent" : `the agent (${key.comment.replaceAll(/\p{Cc}/gu, " ")})`,
    ...(certificate === undefined ? {} : { certificate }),
    sign: async (data, format) => signByAgent(path, { blob: key.blob, data, format }, signal),
  };
}

/** Lists what the signers can offer, each with its certificates before it, and nothing twice. */
export function listLoginKeys(signers: readonly Signer[], certificates: readonly Certificate[]): LoginKey[] {
  const keys = signers.flatMap((signer) => {
    if (signer.certificate !== undefined) return [offerCertificate(signer, signer.certificate)];
    const mine = certificates.filter((certificate) => certificate.keyBlob.equals(signer.keyBlob));
    return [...mine.map((certificate) => offerCertificate(signer, certificate)), offerKey(signer)];
  });
  const seen = new Set<string>();
  return keys.filter(({ blob }) => {
    const id = blob.toString("base64");
    return !seen.has(id) && seen.add(id);
  });
}

function offerKey(signer: Signer): LoginKey {
  return {
    algorithm: nameAlgorithm(signer.keyBlob),
    blob: signer.keyBlob,
    label: `${fingerprintKey(signer.keyBlob)} from ${signer.source}`,
    sign: signer.sign,
  };
}

function offerCertificate(signer: Signer, { blob, keyId, validBefore }: Certificate): LoginKey {
  const until = validBefore === undefined ? "" : `, valid until ${renderTime(validBefore)}`;
  return {
    algorithm: nameAlgorithm(blob),
    blob,
    label: `the certificate ${JSON.stringify(keyId)}${until} of ${fingerprintKey(signer.keyBlob)} from ${signer.source}`,
    sign: signer.sign,
  };
}

function renderTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "far away" : date.toISOString().replace(".000Z", "Z");
}
