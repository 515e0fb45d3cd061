import { RepxError } from "../../model/errors.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { showWord } from "../command/quote.ts";
import { readIfThere } from "../config/read-if-there.ts";
import { readString, readTypeName } from "../wire/ssh-wire.ts";

/** What a binary list begins with (PROTOCOL.krl). */
const KRL_MAGIC = "SSHKRL\n\0";

/**
 * Reads a file of RevokedHostKeys, one public key a line, as lines of known_hosts that revoke it for every host. As
 * OpenSSH then refuses every host, so does CONFIG_INVALID where the file is missing or not understood as a whole.
 */
export async function readRevokedKeys(path: string): Promise<KnownHosts> {
  const text = await readIfThere(path);
  if (text === undefined) throw refuse(path, "is not there", "Write the file, an empty one where no key is revoked");
  if (text.startsWith(KRL_MAGIC)) {
    throw refuse(
      path,
      "is a binary list, which is not read here",
      "List the revoked keys as text, one public key a line",
    );
  }
  const lines = text.split(/\r?\n/).map((line, index) => {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) return "";
    if (isPublicKey(trimmed)) return `@revoked * ${trimmed}`;
    throw refuse(`${path}:${index + 1}`, "is no public key", "Correct or remove the line");
  });
  return { text: lines.join("\n"), path };
}

/** A key that is cut would revoke nothing, and nobody would know. */
function isPublicKey(line: string): boolean {
  const [type = "", text = ""] = line.split(/[ \t]+/);
  const blob = Buffer.from(text, "base64");
  let end: number | undefined = 0;
  while (end !== undefined && end < blob.length) end = readString(blob, end)?.end;
  return end === blob.length && readTypeName(blob) === type;
}

function refuse(place: string, what: string, remedy: string): RepxError {
  return new RepxError("CONFIG_INVALID", `RevokedHostKeys: ${place} ${what}, so no host is trusted`, {
    hint: `${remedy}: \`ssh-keygen -lf ${showWord(place.replace(/:\d+$/, ""))}\` shows what it holds.`,
  });
}
