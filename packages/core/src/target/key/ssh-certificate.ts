// User certificates as OpenSSH makes them (PROTOCOL.certkeys): a public key with a signature of an authority. Pure.
import { joinStrings, readString, readStrings, readTypeName } from "../wire/ssh-wire.ts";

/** A user certificate. */
export interface Certificate {
  /** What is offered to a server. */
  readonly blob: Buffer;
  /** The public key that it certifies, in the form that it has without a certificate. */
  readonly keyBlob: Buffer;
  readonly keyId: string;
  /** Seconds since 1970; undefined for one that is valid for ever. */
  readonly validBefore?: number;
}

const SUFFIX = "-cert-v01@openssh.com";
const USER = 1;
/** How many strings make up each type's public key, after its name. */
const KEY_FIELDS: ReadonlyMap<string, number> = new Map([
  ["ssh-ed25519", 1],
  ["ssh-rsa", 2],
  ["ecdsa-sha2-nistp256", 2],
  ["ecdsa-sha2-nistp384", 2],
  ["ecdsa-sha2-nistp521", 2],
  ["sk-ssh-ed25519", 2],
  ["sk-ecdsa-sha2-nistp256", 3],
]);

/** Tells whether a key type or algorithm is that of a certificate. */
export function isCertificateType(type: string): boolean {
  return type.endsWith(SUFFIX);
}

/** Parses the line of a `-cert.pub` file; undefined for anything but a user certificate. */
export function parseCertificateLine(text: string): Certificate | undefined {
  const [type, base64] = text.trim().split(/\s+/);
  if (type === undefined || base64 === undefined || !isCertificateType(type)) return undefined;
  return parseCertificate(Buffer.from(base64, "base64"));
}

/** Parses a certificate in its binary form; undefined for anything but a user certificate. */
export function parseCertificate(blob: Buffer): Certificate | undefined {
  const type = readTypeName(blob);
  if (!isCertificateType(type)) return undefined;
  const name = type.slice(0, -SUFFIX.length);
  const fields = KEY_FIELDS.get(name);
  // The type, a nonce, then the key.
  const head = fields === undefined ? undefined : readStrings(blob, 0, 2 + fields);
  // A serial number of eight bytes and the kind follow.
  if (head === undefined || blob.length < head.end + 12 || blob.readUInt32BE(head.end + 8) !== USER) return undefined;
  const keyId = readString(blob, head.end + 12);
  const principals = keyId === undefined ? undefined : readString(blob, keyId.end);
  if (keyId === undefined || principals === undefined || blob.length < principals.end + 16) return undefined;
  const validBefore = Number(blob.readBigUInt64BE(principals.end + 8));
  return {
    blob,
    keyBlob: joinStrings(nameKeyType(name), ...head.values.slice(2)),
    keyId: keyId.value.toString("utf8"),
    ...(validBefore < 2 ** 53 ? { validBefore } : {}),
  };
}

/** Keys that live in hardware have the vendor in their name too. */
function nameKeyType(name: string): string {
  return name.startsWith("sk-") ? `${name}@openssh.com` : name;
}

/** Names the algorithm by which a certificate or a key is offered; RSA never with SHA-1 (RFC 8332). */
export function nameAlgorithm(blob: Buffer): string {
  const type = readTypeName(blob);
  return type === "ssh-rsa" || type === `ssh-rsa${SUFFIX}` ? type.replace("ssh-rsa", "rsa-sha2-512") : type;
}

/** Names the format of the signatures that belong to an algorithm: a certificate's key signs as it does without one. */
export function nameSignatureFormat(algorithm: string): string {
  return isCertificateType(algorithm) ? nameKeyType(algorithm.slice(0, -SUFFIX.length)) : algorithm;
}
