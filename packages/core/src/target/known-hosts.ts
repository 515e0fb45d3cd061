// Decides whether a host's key is one that a known_hosts text vouches for, by sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT".
// Pure. Lines of @cert-authority are passed over: host certificates are not offered by ssh2.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { matchGlob } from "./match-glob.ts";

/** What a known_hosts text says of a key. */
export type HostKeyVerdict =
  | { readonly verdict: "known" }
  | {
      /** `changed`: the host is listed with another key of this type; `unknown`: with no key of this type. */
      readonly verdict: "unknown" | "changed" | "revoked";
      readonly fingerprint: string;
      /** Fingerprints of the host's listed keys of this type. */
      readonly expected: readonly string[];
      /** Types of the host's listed keys. */
      readonly knownTypes: readonly string[];
      /** The line that would make the key known. */
      readonly line: string;
    };

interface HostLine {
  readonly isRevoked: boolean;
  readonly type: string;
  readonly key: Buffer;
}

/** Checks a key, in the wire format of RFC 4253, that a host offered. */
export function checkHostKey(knownHosts: string, host: string, port: number, key: Buffer): HostKeyVerdict {
  const type = readKeyType(key);
  const lines = findLines(knownHosts, host, port);
  const hit = lines.filter((line) => line.key.equals(key));
  const isRevoked = hit.some((line) => line.isRevoked);
  if (hit.length > 0 && !isRevoked) return { verdict: "known" };
  const trusted = lines.filter((line) => !line.isRevoked);
  const expected = trusted.filter((line) => line.type === type).map((line) => fingerprintKey(line.key));
  return {
    verdict: isRevoked ? "revoked" : expected.length > 0 ? "changed" : "unknown",
    fingerprint: fingerprintKey(key),
    expected,
    knownTypes: [...new Set(trusted.map((line) => line.type))],
    line: `${nameHost(host, port)} ${type} ${key.toString("base64")}`,
  };
}

/** Lists the types of the keys by which a host is known, in the order of the text. */
export function listKnownTypes(knownHosts: string, host: string, port: number): string[] {
  const lines = findLines(knownHosts, host, port).filter((line) => !line.isRevoked);
  return [...new Set(lines.map((line) => line.type))];
}

/** Renders a key's fingerprint as ssh prints it, `SHA256:…`. */
export function fingerprintKey(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

function findLines(knownHosts: string, host: string, port: number): HostLine[] {
  const name = nameHost(host, port);
  return knownHosts.split(/\r?\n/).flatMap((line) => parseLine(line.trim(), name) ?? []);
}

/** OpenSSH asks for `[host]:port` unless the port is 22, and compares names in lower case (hostfile.c). */
function nameHost(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

function parseLine(line: string, name: string): HostLine | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const fields = line.split(/[ \t]+/);
  const marker = fields[0]?.startsWith("@") === true ? fields.shift() : undefined;
  if (marker !== undefined && marker !== "@revoked") return undefined;
  const [hosts, type, text] = fields;
  if (hosts === undefined || type === undefined || text === undefined) return undefined;
  if (!isNamed(hosts, name)) return undefined;
  return { isRevoked: marker === "@revoked", type, key: Buffer.from(text, "base64") };
}

function isNamed(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return isHashOf(hosts, name);
  let isMatch = false;
  for (const pattern of hosts.toLowerCase().split(",")) {
    // A negated pattern that matches outweighs all others of its line.
    if (pattern.startsWith("!") && matchGlob(pattern.slice(1), name)) return false;
    if (!pattern.startsWith("!") && matchGlob(pattern, name)) isMatch = true;
  }
  return isMatch;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name with the salt as key (ssh-keygen -H). */
function isHashOf(field: string, name: string): boolean {
  const [, version, salt, hash] = field.split("|");
  if (version !== "1" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function readKeyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.subarray(4, 4 + length).toString("latin1");
}
