import { expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { parseSshConfig, resolveSshConfig, type SshSettings } from "./ssh-config.ts";

// test/transport/ssh-config.test.ts compares with OpenSSH; here is what OpenSSH would not do, or cannot be asked for.

function resolve(host: string, ...texts: readonly string[]): SshSettings {
  const files = texts.map((text, index) => parseSshConfig(text, `file${index}`));
  return resolveSshConfig(files, { host, localUser: "me" });
}

function refuse(text: string): RepxError {
  try {
    resolve("a", text);
  } catch (error) {
    if (error instanceof RepxError) return error;
    throw error;
  }
  throw new Error("accepted");
}

test("the user's file counts more than the machine's, and keys of both are tried", () => {
  const settings = resolve("a", "Host a\n User first\n IdentityFile /1\n", "User second\nPort 3\nIdentityFile /2\n");
  expect(settings.first.get("user")).toEqual([{ value: "first", source: "file0" }]);
  expect(settings.first.get("port")).toEqual([{ value: "3", source: "file1" }]);
  expect(settings.identityFiles.map(({ value }) => value)).toEqual(["/1", "/2"]);
});

test.each([
  "exec true",
  "!exec false",
  'host a exec "touch /tmp/x"',
  "localnetwork 10.0.0.0/8",
  "!tagged x",
  "version *",
])("passes over Match %s, and runs nothing", (criteria) => {
  expect(resolve("a", `Match ${criteria}\n Port 1\nMatch all\n Port 2\n`).first.get("port")?.[0]?.value).toBe("2");
});

test("takes whichever comes first, ProxyJump or ProxyCommand", () => {
  const command = "ProxyCommand ssh -W %h:%p gate";
  expect(resolve("a", `${command}\nProxyJump gate\n`).proxy).toEqual({
    keyword: "proxycommand",
    value: "ssh -W %h:%p gate",
    source: "file0",
  });
  expect(resolve("a", "ProxyCommand sh -c 'x y'\n").proxy?.value).toBe("sh -c 'x y'");
  expect(resolve("a", `ProxyJump gate\n${command}\n`).proxy).toMatchObject({ keyword: "proxyjump", value: "gate" });
});

test.each([
  ["Host\n", "value"],
  ["Include\n", "value"],
  ["Compression\nHost a\n", "Compression has no value"],
  ["Port\nUser x\n", "Port has no value"],
  ['IdentityFile "/k\nPort 1\n', "Unexpected line break"],
  ["HostName %x\n", "%x is not known"],
  ["HostName a%\n", "% is not known"],
])("refuses %j by the file's name", (text, why) => {
  const error = refuse(text);
  expect(error.code).toBe("CONFIG_INVALID");
  expect(error.message).toMatch(/^file0/);
  expect(error.message).toContain(why);
});
