import { createPrivateKey, sign, type KeyObject } from "node:crypto";
import ssh2 from "ssh2";
import { RepxError } from "../../model/errors.ts";
import { fingerprintKey } from "../wire/fingerprint-key.ts";
import { joinStrings, readString } from "../wire/ssh-wire.ts";

/** A private key that can sign. */
export interface PrivateKey {
  /** The public half. */
  readonly blob: Buffer;
  /** Of the public half, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** Signs data; the signature comes with the name of its format (RFC 4253 section 6.6). */
  sign(data: Buffer, format: string): Buffer;
}

const HINT = "Give the whole private key, from its BEGIN to its END line, as `cat ~/.ssh/id_ed25519` prints it.";
const MAGIC = Buffer.from("openssh-key-v1\0");
const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ["ssh-ed25519", null],
  ["rsa-sha2-256", "sha256"],
  ["rsa-sha2-512", "sha512"],
  ["ecdsa-sha2-nistp256", "sha256"],
  ["ecdsa-sha2-nistp384", "sha384"],
  ["ecdsa-sha2-nistp521", "sha512"],
]);

/** Parses the text of a private key; no error ever shows any of it. `source` says where the text came from. */
export function parsePrivateKey(text: string, passphrase: string | undefined, source: string): PrivateKey {
  const clean = cleanKeyText(text);
  if (clean === "\n") throw refuse(`${source} is empty`, HINT);
  const parsed = ssh2.utils.parseKey(clean, passphrase);
  if (parsed instanceof Error) throw explain(parsed.message, passphrase !== undefined, source);
  const [key] = Array.isArray(parsed) ? parsed : [parsed];
  if (key === undefined || !key.isPrivateKey()) throw refuse(`${source} is a public key, not a private one`, HINT);
  const secret = createPrivateKey(key.getPrivatePEM());
  const blob: Buffer = key.getPublicSSH();
  return { blob, fingerprint: fingerprintKey(blob), sign: (data, format) => signBy(secret, data, format) };
}

/** Tells whether a text is a private key that cannot be read without a passphrase. */
export function isEncryptedKey(text: string): boolean {
  const parsed = ssh2.utils.parseKey(cleanKeyText(text));
  return parsed instanceof Error && isForWantOfPassphrase(parsed.message);
}

/** Reads the public half out of a key's text, where it can be read without a passphrase. */
export function readPublicHalf(text: string): Buffer | undefined {
  const clean = cleanKeyText(text);
  const body = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([\s\S]+)\n-----END OPENSSH PRIVATE KEY-----\n$/.exec(clean)?.[1];
  if (body !== undefined) return readOpenSshPublicHalf(Buffer.from(body, "base64"));
  const parsed = ssh2.utils.parseKey(clean);
  if (parsed instanceof Error) return undefined;
  const [key] = Array.isArray(parsed) ? parsed : [parsed];
  return key?.getPublicSSH();
}

/** Secrets lose their last line feed, or gain carriage returns, on their way through web forms. */
function cleanKeyText(text: string): string {
  return `${text.replaceAll("\r\n", "\n").trim()}\n`;
}

/** OpenSSH's PROTOCOL.key: cipher, kdf and its options, the number of keys, then the first public half, all in the clear. */
function readOpenSshPublicHalf(data: Buffer): Buffer | undefined {
  if (!data.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let end = MAGIC.length;
  for (let skipped = 0; skipped < 3; skipped++) end = readString(data, end)?.end ?? data.length;
  return readString(data, end + 4)?.value;
}

function signBy(key: KeyObject, data: Buffer, format: string): Buffer {
  const digest = DIGESTS.get(format);
  if (digest === undefined) throw new Error(`a key cannot sign as ${format}`);
  if (!format.startsWith("ecdsa-")) return joinStrings(format, sign(digest, data, key));
  const pair = sign(digest, data, { key, dsaEncoding: "ieee-p1363" });
  const half = pair.length / 2;
  return joinStrings(format, joinStrings(renderInteger(pair.subarray(0, half)), renderInteger(pair.subarray(half))));
}

/** RFC 4251's `mpint` of a number that is not negative: no needless zeros, and one where the first bit is set. */
function renderInteger(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first === -1 ? Buffer.alloc(0) : bytes.subarray(first);
  return (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
}

function isForWantOfPassphrase(message: string): boolean {
  return /no passphrase given/i.test(message);
}

/** Sorts the parser's messages, which are fixed texts, by what a person can do about them. */
function explain(message: string, hasPassphrase: boolean, source: string): RepxError {
  if (isForWantOfPassphrase(message)) {
    const hint = "Give the passphrase too, or use a key made without one: `ssh-keygen -t ed25519 -N '' -f key`.";
    return refuse(`${source} is encrypted and no passphrase was given`, hint);
  }
  if (hasPassphrase && /passphrase|decrypt|integrity/i.test(message)) {
    return refuse(`${source} cannot be decrypted with the passphrase that was given`, "Check the passphrase.");
  }
  return refuse(`${source} is not a private key that can be read`, HINT);
}

function refuse(message: string, hint: string): RepxError {
  return new RepxError("SSH_KEY_INVALID", message, { hint });
}
