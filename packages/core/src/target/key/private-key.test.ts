import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import ssh2 from "ssh2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../command/command.ts";
import { fingerprintKey } from "../wire/fingerprint-key.ts";
import { listLoginKeys, signWithKey } from "./login-key.ts";
import { isEncryptedKey, parsePrivateKey, readPublicHalf } from "./private-key.ts";
import { nameAlgorithm, nameSignatureFormat, parseCertificate, parseCertificateLine } from "./ssh-certificate.ts";
import { joinStrings, readString, readStrings, readTypeName } from "../wire/ssh-wire.ts";

let folder: string;
const TYPES = [
  ["ed25519", "256"],
  ["rsa", "2048"],
  ["ecdsa", "256"],
  ["ecdsa", "384"],
  ["ecdsa", "521"],
] as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-private-key-"));
  await runCommand({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, "ca")] });
  for (const [type, bits] of TYPES) {
    const path = join(folder, type + bits);
    await runCommand({ argv: ["ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-C", "me", "-f", path] });
    const sign = [
      "ssh-keygen",
      "-q",
      "-s",
      join(folder, "ca"),
      "-I",
      "id",
      "-n",
      "me",
      "-V",
      "20200101000000Z:20300101000000Z",
    ];
    await runCommand({ argv: [...sign, `${path}.pub`] });
  }
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function readText(name: string): Promise<string> {
  return readFile(join(folder, name), "utf8");
}

test.each(TYPES)("signs with a key of type %s %s as its public half verifies", async (type, bits) => {
  const key = parsePrivateKey(await readText(type + bits), undefined, "the key");
  const verifier = ssh2.utils.parseKey(await readText(`${type}${bits}.pub`));
  if (verifier instanceof Error) throw verifier;
  expect(key.blob.equals(verifier.getPublicSSH())).toBe(true);
  const format = nameAlgorithm(key.blob);
  // Often enough that numbers with a first bit set and with leading zeros come by.
  for (let round = 0; round < 40; round++) {
    const data = Buffer.from(`data ${round}`);
    const parts = readStrings(key.sign(data, format), 0, 2);
    expect(parts?.values[0]?.toString()).toBe(format);
    const signature = parts?.values[1] ?? Buffer.alloc(0);
    const asAsn1 = type === "ecdsa" ? renderDer(signature) : signature;
    expect(verifier.verify(data, asAsn1, type === "rsa" ? "sha512" : undefined)).toBe(true);
  }
});

/** Both numbers of a signature as OpenSSL has them. */
function renderDer(signature: Buffer): Buffer {
  const numbers = readStrings(signature, 0, 2)?.values ?? [];
  expect(numbers.every((number) => number[0] !== 0 || (number[1] ?? 0) >= 0x80)).toBe(true);
  expect(numbers.every((number) => (number[0] ?? 0) < 0x80)).toBe(true);
  const body = Buffer.concat(numbers.map((number) => Buffer.concat([Buffer.from([2, number.length]), number])));
  return Buffer.concat([Buffer.from(body.length < 128 ? [0x30, body.length] : [0x30, 0x81, body.length]), body]);
}

test.each(TYPES)("finds in a certificate the key of type %s %s that it certifies", async (type, bits) => {
  const certificate = parseCertificateLine(await readText(`${type}${bits}-cert.pub`));
  const keyBlob = readPublicHalf(await readText(`${type}${bits}.pub`)) ?? Buffer.alloc(0);
  expect(certificate).toMatchObject({ keyId: "id", validBefore: Date.UTC(2030) / 1000 });
  expect(certificate?.keyBlob.equals(keyBlob)).toBe(true);
  const signer = signWithKey(parsePrivateKey(await readText(type + bits), undefined, "x"), "x");
  const keys = listLoginKeys([signer, signer], certificate === undefined ? [] : [certificate, certificate]);
  const name = readTypeName(keyBlob).replace("ssh-rsa", "rsa-sha2-512");
  expect(keys.map((key) => key.algorithm)).toEqual([`${name}-cert-v01@openssh.com`, name]);
  expect(keys.map((key) => nameSignatureFormat(key.algorithm))).toEqual([name, name]);
  expect(keys.map((key) => key.label.includes(fingerprintKey(keyBlob)))).toEqual([true, true]);
});

test("names hardware keys and their certificates as OpenSSH does", () => {
  expect(nameSignatureFormat("sk-ssh-ed25519-cert-v01@openssh.com")).toBe("sk-ssh-ed25519@openssh.com");
  expect(nameSignatureFormat("sk-ssh-ed25519@openssh.com")).toBe("sk-ssh-ed25519@openssh.com");
});

test("reads the public half of an encrypted key, and never a wrong one", async () => {
  for (const [args, isReadable] of [
    [[], true],
    [["-m", "PEM"], false],
  ] as const) {
    await writeFile(join(folder, "locked"), await readText("rsa2048"), { mode: 0o600 });
    await runCommand({
      argv: ["ssh-keygen", "-q", "-p", ...args, "-P", "", "-N", "secret", "-f", join(folder, "locked")],
    });
    const text = await readText("locked");
    expect(isEncryptedKey(text)).toBe(true);
    expect(readPublicHalf(text)).toEqual(isReadable ? readPublicHalf(await readText("rsa2048.pub")) : undefined);
    expect(parsePrivateKey(text, "secret", "x").blob).toEqual(readPublicHalf(await readText("rsa2048.pub")));
  }
  expect(isEncryptedKey(await readText("rsa2048"))).toBe(false);
});

test("takes any bytes for a certificate or for strings without throwing", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("", "ssh-ed25519-cert-v01@openssh.com"),
      (bytes, type) => {
        const blob = Buffer.concat([
          type === "" ? Buffer.alloc(0) : joinStrings(type, "nonce", Buffer.alloc(32)),
          bytes,
        ]);
        const certificate = parseCertificate(blob);
        expect(certificate?.keyBlob.length).not.toBe(0);
        expect(readString(blob, blob.length)).toBeUndefined();
      },
    ),
  );
});

test("reads back the strings that it joins", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.uint8Array({ maxLength: 9 }), (parts, rest) => {
      const data = Buffer.concat([joinStrings(...parts), rest]);
      const read = readStrings(data, 0, parts.length);
      expect(read?.values.map((value) => Uint8Array.from(value))).toEqual(parts.map((part) => Uint8Array.from(part)));
      expect(read?.end).toBe(data.length - rest.length);
    }),
  );
});
