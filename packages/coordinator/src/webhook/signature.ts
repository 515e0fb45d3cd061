import { createHmac, timingSafeEqual } from "node:crypto";

/** Tells whether GitHub signed these bytes (`X-Hub-Signature-256`), in a time that does not tell where they differ. */
export function isSigned(secret: string, bytes: Uint8Array, header: string | undefined): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(header ?? "")?.[1];
  if (hex === undefined) return false;
  return timingSafeEqual(createHmac("sha256", secret).update(bytes).digest(), Buffer.from(hex, "hex"));
}
