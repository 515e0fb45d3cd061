import { readFile } from "node:fs/promises";
import { RepxError } from "../../model/errors.ts";
import type { Passphrases } from "./passphrases.ts";
import { fingerprintKey } from "../wire/fingerprint-key.ts";
import { signWithKey, type Signer } from "./login-key.ts";
import { isEncryptedKey, parsePrivateKey, readPublicHalf, type PrivateKey } from "./private-key.ts";
import type { SshHop } from "../route/ssh-hop.ts";
import { parseCertificateLine, type Certificate } from "./ssh-certificate.ts";

/** What an identity file gives. */
export interface Identity {
  readonly path: string;
  /** The public half, also of a file that holds nothing else: its private half may be in the agent. */
  readonly keyBlob?: Buffer;
  /** Missing where the file holds no private key that can be used. */
  readonly signer?: Signer;
  /** Why there is no signer. */
  readonly problem?: string;
  /** Whether there is no such file at all. */
  readonly isMissing: boolean;
}

/** Reads an identity file; what is wrong with it is told, not thrown, since another key may be let in. */
export async function readIdentity(path: string, passphrases: Passphrases): Promise<Identity> {
  const beside = await readText(`${path}.pub`);
  const publicBeside = typeof beside === "string" ? readPublicHalf(beside) : undefined;
  const text = await readText(path);
  if (typeof text !== "string") {
    const isMissing = text.code === "ENOENT";
    const problem = isMissing ? `${path} does not exist` : `${path} cannot be read (${text.code ?? text.message})`;
    return { path, isMissing, problem, ...(publicBeside === undefined ? {} : { keyBlob: publicBeside }) };
  }
  const identity = readIdentityText(text, path, passphrases, publicBeside);
  return { path, isMissing: false, ...(await identity) };
}

/** Reads a private key's text; one that needs a passphrase is unlocked only when a server would take the key. */
export async function readIdentityText(
  text: string,
  source: string,
  passphrases: Passphrases,
  publicBeside?: Buffer,
): Promise<Pick<Identity, "keyBlob" | "signer" | "problem">> {
  const keyBlob = readPublicHalf(text) ?? publicBeside;
  const known = keyBlob === undefined ? {} : { keyBlob };
  try {
    if (!isEncryptedKey(text)) {
      const key = parsePrivateKey(text, undefined, source);
      return { keyBlob: key.blob, signer: signWithKey(key, source) };
    }
    if (!passphrases.canAsk || keyBlob === undefined) {
      const key = await passphrases.unlock(text, source);
      return { keyBlob: key.blob, signer: signWithKey(key, source) };
    }
    return { keyBlob, signer: signLater(keyBlob, source, async () => passphrases.unlock(text, source)) };
  } catch (error) {
    if (error instanceof RepxError) return { ...known, problem: error.message };
    throw error;
  }
}

/** Reads the certificates that belong to identity files (`-cert.pub` beside each) and those that are named. */
export async function readCertificates({
  identityFiles,
  certificateFiles,
}: Pick<SshHop, "identityFiles" | "certificateFiles">): Promise<Certificate[]> {
  const paths = [...certificateFiles, ...identityFiles.map((path) => `${path.replace(/\.pub$/, "")}-cert.pub`)];
  const texts = await Promise.all(paths.map(readText));
  return texts.flatMap((text) => (typeof text === "string" ? (parseCertificateLine(text) ?? []) : []));
}

function signLater(keyBlob: Buffer, source: string, unlock: () => Promise<PrivateKey>): Signer {
  let key: Promise<PrivateKey> | undefined;
  return {
    keyBlob,
    source,
    sign: async (data, format) => {
      key ??= unlock();
      const unlocked = await key;
      if (unlocked.blob.equals(keyBlob)) return unlocked.sign(data, format);
      throw new Error(`${source} is not the private half of ${fingerprintKey(keyBlob)}`);
    },
  };
}

async function readText(path: string): Promise<string | NodeJS.ErrnoException> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => error);
}
