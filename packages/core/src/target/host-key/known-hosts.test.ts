import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../command/command.ts";
import { fingerprintKey } from "../wire/fingerprint-key.ts";
import { checkHostKey, listKnownTypes, nameHost, type HostKeyVerdict } from "./known-hosts.ts";
import { orderHostKeyAlgorithms } from "../connection/ssh-connect.ts";

let folder: string;
const keys: Record<string, { text: string; blob: Buffer; fingerprint: string }> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-known-hosts-"));
  for (const [name, type] of [
    ["one", "ed25519"],
    ["two", "ed25519"],
    ["curve", "ecdsa"],
  ] as const) {
    const path = join(folder, name);
    await runCommand({ argv: ["ssh-keygen", "-q", "-t", type, "-N", "", "-f", path] });
    const text = (await readFile(`${path}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
    const { stdout } = await runCommand({ argv: ["ssh-keygen", "-lf", path] });
    keys[name] = {
      text,
      blob: Buffer.from(text.split(" ")[1] ?? "", "base64"),
      fingerprint: stdout.split(" ")[1] ?? "",
    };
  }
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

function key(name: string): { text: string; blob: Buffer; fingerprint: string } {
  const found = keys[name];
  if (found === undefined) throw new Error(`no key ${name}`);
  return found;
}

function judge(text: string, host: string, port: number, blob: Buffer): HostKeyVerdict {
  return checkHostKey([{ text }], nameHost(host, port), blob);
}

function check(pattern: string, host: string, port = 22): string {
  return judge(`# a comment\n\n${pattern} ${key("one").text} some comment\n`, host, port, key("one").blob).verdict;
}

/** The text after `ssh-keygen -H`, which hashes every name. */
async function hashNames(text: string): Promise<string> {
  const path = join(folder, "known_hosts");
  await writeFile(path, text);
  await runCommand({ argv: ["ssh-keygen", "-q", "-H", "-f", path] });
  return readFile(path, "utf8");
}

test.each([
  ["host", "host", 22],
  ["HOST", "hOst", 22],
  ["other,host", "host", 22],
  ["[host]:2222", "host", 2222],
  ["[::1]:2222", "::1", 2222],
  ["::1", "::1", 22],
  ["*.example.org", "login.example.org", 22],
  ["n?de", "node", 22],
  ["*", "any", 22],
  ["[*.example.org]:2222", "login.example.org", 2222],
  ["!bad.example.org,*.example.org", "good.example.org", 22],
])("finds by %j the host %s at port %i", (pattern, host, port) => {
  expect(check(pattern, host, port)).toBe("known");
});

test.each([
  ["host", "host", 2222],
  ["[host]:2222", "host", 22],
  ["host", "hosts", 22],
  ["*.example.org", "example.org", 22],
  ["!bad.example.org,*.example.org", "bad.example.org", 22],
  ["*.example.org,!bad.example.org", "bad.example.org", 22],
  ["#host", "host", 22],
  ["@cert-authority host", "host", 22],
  ["@unknown-marker host", "host", 22],
])("does not find by %j the host %s at port %i", (pattern, host, port) => {
  expect(check(pattern, host, port)).toBe("unknown");
});

describe("names hashed by ssh-keygen", () => {
  test("are found, at their port alone", async () => {
    const text = await hashNames(`host ${key("one").text}\n[host]:2222 ${key("two").text}\n`);
    expect(text).not.toContain("host");
    expect(judge(text, "host", 22, key("one").blob).verdict).toBe("known");
    expect(judge(text, "host", 2222, key("two").blob).verdict).toBe("known");
    expect(judge(text, "host", 22, key("two").blob).verdict).toBe("changed");
    expect(judge(text, "hosts", 22, key("one").blob).verdict).toBe("unknown");
  });

  test("that are broken are passed over", () => {
    for (const field of ["|1|", "|1|x", "|2|AAAA|AAAA", "|1||"]) expect(check(field, "host")).toBe("unknown");
  });
});

test("tells both fingerprints of a changed key, as ssh-keygen prints them", () => {
  const verdict = judge(`host ${key("one").text}`, "host", 22, key("two").blob);
  expect(verdict).toMatchObject({
    verdict: "changed",
    fingerprint: key("two").fingerprint,
    listed: [{ fingerprint: key("one").fingerprint, place: "line 1 of known_hosts" }],
  });
  expect(fingerprintKey(key("one").blob)).toBe(key("one").fingerprint);
});

test("gives the line that would make an unknown key known", () => {
  const verdict = judge("", "Host", 2222, key("two").blob);
  if (verdict.verdict === "known") throw new Error("known by nothing");
  expect(verdict.line).toBe(`[host]:2222 ${key("two").text}`);
  expect(judge(verdict.line, "host", 2222, key("two").blob).verdict).toBe("known");
});

test("calls a key of a type that is not listed unknown, and names the types that are", () => {
  const verdict = judge(`host ${key("curve").text}`, "host", 22, key("one").blob);
  expect(verdict).toMatchObject({ verdict: "unknown", knownTypes: ["ecdsa-sha2-nistp256"] });
});

test("lets a revocation outweigh a line that lists the key", () => {
  const lines = [`host ${key("one").text}`, `@revoked * ${key("one").text}`];
  for (const text of [lines.join("\n"), lines.toReversed().join("\r\n")]) {
    expect(judge(text, "host", 22, key("one").blob).verdict).toBe("revoked");
  }
  expect(judge(`${lines.join("\n")}\nhost ${key("two").text}`, "host", 22, key("two").blob).verdict).toBe("known");
});

test("accepts any of several keys of one host", () => {
  const text = ["one", "two", "curve"].map((name) => `host ${key(name).text}`).join("\n");
  for (const name of ["one", "two", "curve"]) expect(judge(text, "host", 22, key(name).blob).verdict).toBe("known");
});

test("asks first for the key types by which a host is known, and never for SHA-1", () => {
  const types = listKnownTypes(
    [{ text: `host ssh-rsa AAAA\nhost ${key("curve").text}\nother ${key("one").text}` }],
    "host",
  );
  const order = orderHostKeyAlgorithms(types);
  expect(order.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256"]);
  expect(order).toContain("ssh-ed25519");
  expect(order).not.toContain("ssh-rsa");
});

test("reads several files as one, and tells file and line of an old key and of a revocation", () => {
  const one = { path: "/a/known_hosts", text: `# none\n\nhost ${key("one").text}\n` };
  const two = { path: "/b/known_hosts", text: `@revoked * ${key("curve").text}\r\nhost ${key("curve").text}\n` };
  expect(checkHostKey([two, one], "host", key("one").blob).verdict).toBe("known");
  expect(checkHostKey([two, one], "host", key("two").blob)).toMatchObject({
    verdict: "changed",
    listed: [{ fingerprint: key("one").fingerprint, place: "/a/known_hosts:3" }],
  });
  expect(checkHostKey([one, two], "host", key("curve").blob)).toMatchObject({
    verdict: "revoked",
    listed: [{ fingerprint: key("curve").fingerprint, place: "/b/known_hosts:1" }],
  });
});

test("names the authorities of a host, which vouch for no plain key", () => {
  const text = `@cert-authority *.org ${key("curve").text}\n@cert-authority *.com ${key("two").text}\n`;
  expect(checkHostKey([{ text, path: "/k" }], "a.org", key("one").blob)).toMatchObject({
    verdict: "unknown",
    authorities: [{ fingerprint: key("curve").fingerprint, place: "/k:1" }],
  });
  // The authority's own key is not the host's either.
  expect(checkHostKey([{ text }], "a.org", key("curve").blob).verdict).toBe("unknown");
  expect(listKnownTypes([{ text }], "a.org")).toEqual([]);
});

test("finds an alias without a port, whatever its letters' case", () => {
  const text = `login-pool ${key("one").text}`;
  expect(checkHostKey([{ text }], "Login-Pool", key("one").blob).verdict).toBe("known");
});
