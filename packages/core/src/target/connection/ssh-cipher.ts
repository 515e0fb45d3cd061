import { createSecretKey } from "node:crypto";
import type { Client } from "ssh2";
import { readField } from "../wire/read-field.ts";

/**
 * Gives ssh2's AES-GCM ciphers their keys as KeyObjects, now and after every new exchange of keys. They make a cipher a
 * packet, and Node copies and checks a key of bytes each time. Does nothing where ssh2's insides look different.
 * Measured (Node 24.21, ssh2 1.17, aes128-gcm, `cat >/dev/null`): CPU for 1 GiB sent 1.14 s instead of 1.57 s, with
 * gathered writes 1.08 s; for 1 GiB received 1.07 s instead of 1.40 s.
 */
export function quickenCiphers(client: Client): void {
  const quicken = (): void => {
    const protocol = readField(client, "_protocol");
    wrapKey(readField(protocol, "_cipher"), "_encKey", readField(readField(protocol, "_cipher"), "_encSSLName"));
    wrapKey(
      readField(protocol, "_decipher"),
      "_decipherKey",
      readField(readField(protocol, "_decipher"), "_decipherSSLName"),
    );
  };
  client.on("handshake", quicken);
  quicken();
}

function wrapKey(cipher: unknown, field: string, name: unknown): void {
  const key = readField(cipher, field);
  if (typeof cipher !== "object" || cipher === null || !Buffer.isBuffer(key)) return;
  if (name === `aes-${key.length * 8}-gcm`) Reflect.set(cipher, field, createSecretKey(key));
}
