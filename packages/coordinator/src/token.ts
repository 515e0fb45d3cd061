import { createHash, timingSafeEqual } from "node:crypto";
import { SubmissionId } from "@repx/core/model";

/** Renders 32 random bytes as a submission's token. */
export function renderToken(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** Hashes a text; of tokens only this is stored, of what was sent to GitHub only this is kept. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Makes a text that nobody guesses. */
export function makeNonce(): string {
  return renderToken(crypto.getRandomValues(new Uint8Array(32)));
}

/** Compares two texts in a time that tells neither where they differ nor how long the known one is. */
export function isSameText(left: string, right: string): boolean {
  return isSameHash(hashText(left), hashText(right));
}

/** Compares two hashes in a time that does not tell where they differ. */
export function isSameHash(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Gives the submission of an ID token its id: the same token, shown again, meets the submission it has made. */
export function deriveSubmissionId(issuer: string, tokenId: string): SubmissionId {
  const digest = hashText(`${issuer}\n${tokenId}`).slice(0, 32);
  // 128 bits are at most 25 digits in base 36.
  return SubmissionId.parse(`s${BigInt(`0x${digest}`).toString(36).padStart(25, "0")}`);
}

/** Reads `Authorization: Bearer ...`; undefined when there is none. */
export function readBearer(request: Request): string | undefined {
  return /^Bearer +([^\s,]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}
