// Values that a browser keeps for us and can neither read nor change: a JWE (RFC 7516), encrypted and authenticated by
// AES-256-GCM under a key that is derived for one purpose, so that a value of one kind never passes for another.
import { hkdfSync } from "node:crypto";
import { EncryptJWT, errors, jwtDecrypt } from "jose";
import type * as z from "zod";

/** What a sealed value is for. */
export type Purpose = "session" | "sign-in" | "setup";

/** Seals a value until a time in milliseconds. */
export async function seal(secret: string, purpose: Purpose, value: object, expiresAt: number): Promise<string> {
  return new EncryptJWT({ value })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .encrypt(deriveKey(secret, purpose));
}

/** Opens a sealed value; undefined when it is not ours, was changed, has expired, or is of another form. */
export async function unseal<T>(
  secret: string,
  purpose: Purpose,
  schema: z.ZodType<T>,
  text: string,
  now: number,
): Promise<T | undefined> {
  try {
    const { payload } = await jwtDecrypt(text, deriveKey(secret, purpose), {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
      requiredClaims: ["exp"],
      currentDate: new Date(now),
    });
    return schema.safeParse(payload["value"]).data;
  } catch (thrown) {
    if (thrown instanceof errors.JOSEError) return undefined;
    throw thrown;
  }
}

function deriveKey(secret: string, purpose: Purpose): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "repx-coordinator", purpose, 32));
}
