import { createHash } from "node:crypto";

/** Renders a key's fingerprint as ssh prints it, `SHA256:…`. */
export function fingerprintKey(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
