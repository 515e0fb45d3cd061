// Decides whether a host's key is one that known_hosts texts vouch for, by sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT". Pure.
// A line of @cert-authority vouches for nothing here: ssh2 (1.17, SUPPORTED_SERVER_HOST_KEY) takes no host certificates.
import { createHmac, timingSafeEqual } from "node:crypto";
import { fingerprintKey } from "../wire/fingerprint-key.ts";
import { matchGlob } from "../config/match-glob.ts";
import { readTypeName } from "../wire/ssh-wire.ts";

/** A text in known_hosts format. */
export interface KnownHosts {
  readonly text: string;
  /** The file it came from; missing for a text that was given as such. */
  readonly path?: string;
}

/** A key by which a host is listed, and where. */
export interface ListedKey {
  readonly fingerprint: string;
  /** As `path:number` or `line number of known_hosts`. */
  readonly place: string;
}

/** What known_hosts texts say of a key. */
export type HostKeyVerdict =
  | { readonly verdict: "known" }
  | {
      /** `changed`: the host is listed with another key of this type; `unknown`: with no key of this type. */
      readonly verdict: "unknown" | "changed" | "revoked";
      readonly fingerprint: string;
      readonly type: string;
      /** The host's listed keys of this type; of a revoked key the lines that revoke it. */
      readonly listed: readonly ListedKey[];
      /** The authorities that could vouch for the host by a certificate. */
      readonly authorities: readonly ListedKey[];
      /** Types of the host's listed keys. */
      readonly knownTypes: readonly string[];
      /** The line that would make the key known. */
      readonly line: string;
    };

interface HostLine {
  readonly kind: "host" | "@revoked" | "@cert-authority";
  readonly type: string;
  readonly key: Buffer;
  readonly place: string;
}

/** Checks a key, in the wire format of RFC 4253, that the host of this name offered. */
export function checkHostKey(texts: readonly KnownHosts[], name: string, key: Buffer): HostKeyVerdict {
  const type = readTypeName(key);
  const lines = findLines(texts, name);
  const revocations = lines.filter((line) => line.kind === "@revoked" && line.key.equals(key));
  const trusted = lines.filter((line) => line.kind === "host");
  if (revocations.length === 0 && trusted.some((line) => line.key.equals(key))) return { verdict: "known" };
  const sameType = trusted.filter((line) => line.type === type);
  return {
    verdict: revocations.length > 0 ? "revoked" : sameType.length > 0 ? "changed" : "unknown",
    fingerprint: fingerprintKey(key),
    type,
    listed: (revocations.length > 0 ? revocations : sameType).map(listKey),
    authorities: lines.filter((line) => line.kind === "@cert-authority").map(listKey),
    knownTypes: [...new Set(trusted.map((line) => line.type))],
    line: `${name} ${type} ${key.toString("base64")}`,
  };
}

/** Lists the types of the keys by which a host is known, in the order of the texts. */
export function listKnownTypes(texts: readonly KnownHosts[], name: string): string[] {
  const lines = findLines(texts, name).filter((line) => line.kind === "host");
  return [...new Set(lines.map((line) => line.type))];
}

/** OpenSSH asks for `[host]:port` unless the port is 22, and compares names in lower case (hostfile.c). */
export function nameHost(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

function listKey(line: HostLine): ListedKey {
  return { fingerprint: fingerprintKey(line.key), place: line.place };
}

function findLines(texts: readonly KnownHosts[], name: string): HostLine[] {
  return texts.flatMap(({ text, path }) =>
    text.split(/\r?\n/).flatMap((line, index) => {
      const place = path === undefined ? `line ${index + 1} of known_hosts` : `${path}:${index + 1}`;
      return parseLine(line.trim(), name.toLowerCase(), place) ?? [];
    }),
  );
}

function parseLine(line: string, name: string, place: string): HostLine | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const fields = line.split(/[ \t]+/);
  const kind = fields[0]?.startsWith("@") === true ? fields.shift() : "host";
  if (kind !== "host" && kind !== "@revoked" && kind !== "@cert-authority") return undefined;
  const [hosts, type, text] = fields;
  if (hosts === undefined || type === undefined || text === undefined) return undefined;
  if (!isNamed(hosts, name)) return undefined;
  return { kind, type, key: Buffer.from(text, "base64"), place };
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
