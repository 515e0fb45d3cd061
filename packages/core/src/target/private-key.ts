import ssh2 from "ssh2";
import { RepxError } from "../model/errors.ts";
import { fingerprintKey } from "./known-hosts.ts";

/** A private key that can sign. */
export interface PrivateKey {
  readonly text: string;
  readonly passphrase?: string;
  /** Of the public half, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

const HINT = "Give the whole private key, from its BEGIN to its END line, as `cat ~/.ssh/id_ed25519` prints it.";

/** Parses the text of a private key; no error ever shows any of it. `source` says where the text came from. */
export function parsePrivateKey(text: string, passphrase: string | undefined, source: string): PrivateKey {
  // Secrets lose their last line feed, or gain carriage returns, on their way through web forms.
  const clean = `${text.replaceAll("\r\n", "\n").trim()}\n`;
  if (clean === "\n") throw refuse(`${source} is empty`, HINT);
  const parsed = ssh2.utils.parseKey(clean, passphrase);
  if (parsed instanceof Error) throw explain(parsed.message, passphrase !== undefined, source);
  const [key] = Array.isArray(parsed) ? parsed : [parsed];
  if (key === undefined || !key.isPrivateKey()) throw refuse(`${source} is a public key, not a private one`, HINT);
  return {
    text: clean,
    ...(passphrase === undefined ? {} : { passphrase }),
    fingerprint: fingerprintKey(key.getPublicSSH()),
  };
}

/** Sorts the parser's messages, which are fixed texts, by what a person can do about them. */
function explain(message: string, hasPassphrase: boolean, source: string): RepxError {
  if (/no passphrase given/i.test(message)) {
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
