// What a server's host key must be, and what a person is asked.
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RepxError } from "../../packages/core/src/model/errors.ts";
import type { HostKeyOffer } from "../../packages/core/src/target/host-key/first-use.ts";
import type { SshHop, SshRoute } from "../../packages/core/src/target/route/ssh-route.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, writeClientKey, type SshServer } from "../harness/ssh-server.ts";
import { echoOver, expectRefusal, makeHop } from "./hand-made-route.ts";

let folder: ScratchFolder;
let server: SshServer;
let file: string;

beforeAll(async () => {
  folder = await startScratchFolder();
  server = await startSshServer({ folder: join(folder.path, "sshd"), user: await ensureClusterUser() });
  file = join(folder.path, "home/.ssh/known_hosts");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

beforeEach(async () => rm(join(folder.path, "home"), { recursive: true, force: true }));

function makeRoute(change: Partial<SshHop> = {}): SshRoute {
  const identityFiles = [server.privateKeyPath];
  return {
    hops: [
      makeHop(server, {
        identityFiles,
        knownHostsFiles: [file, join(folder.path, "global")],
        newHostsFile: file,
        ...change,
      }),
    ],
  };
}

/** A person who says yes or no, and what they were shown. */
function startPerson(answer: boolean) {
  const offers: HostKeyOffer[] = [];
  const acceptHostKey = async (offer: HostKeyOffer) => {
    offers.push(offer);
    return answer;
  };
  return { offers, acceptHostKey };
}

async function makeFile(text: string): Promise<void> {
  await runCommand(["mkdir", "-p", join(folder.path, "home/.ssh")]);
  await writeFile(file, text);
}

describe("an unknown host key", () => {
  test("that a person accepts is written down, for the owner alone, and known from then on", async () => {
    const person = startPerson(true);
    expect(await echoOver(makeRoute(), person)).toContain("in as");
    const line = server.knownHosts.trim();
    expect(person.offers).toEqual([
      { host: `[127.0.0.1]:${server.port}`, fingerprint: server.hostKeyFingerprint, type: "ssh-ed25519", line },
    ]);
    expect(await readFile(file, "utf8")).toBe(`${line}\n`);
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
    expect(((await stat(join(file, ".."))).mode & 0o777).toString(8)).toBe("700");
    expect(await echoOver(makeRoute())).toContain("in as");
    expect(await runCommand(["ssh-keygen", "-F", `[127.0.0.1]:${server.port}`, "-f", file])).toMatchObject({
      exitCode: 0,
    });
  });

  test("is written behind what the file holds, which may lack its last line feed", async () => {
    await makeFile("other ssh-ed25519 AAAA");
    await echoOver(makeRoute(), startPerson(true));
    expect(await readFile(file, "utf8")).toBe(`other ssh-ed25519 AAAA\n${server.knownHosts.trim()}\n`);
  });

  test("is written once when two connections ask one after the other", async () => {
    const route = makeRoute();
    const person = startPerson(true);
    // The second one has read the file before the first one writes.
    const slow = {
      acceptHostKey: async (offer: HostKeyOffer) => (await echoOver(route, person)) !== "" && offer.host !== "",
    };
    await echoOver(route, slow);
    expect((await readFile(file, "utf8")).split("\n")).toHaveLength(2);
  });

  test("that a person refuses is refused, and nothing is written", async () => {
    const error = await expectRefusal(makeRoute(), startPerson(false));
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN" });
    expect(error.hint).toContain(`add this line to ${file}: ${server.knownHosts.trim()}`);
    await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test.each<[string, Partial<SshHop>, string, string]>([
    ["the hop is strict", { isStrict: true, newHostsFile: "/nowhere" }, "", "StrictHostKeyChecking yes forbids it"],
    ["there is no file of the user's", {}, "", "no known_hosts file of the user's is named"],
    ["a text says whom to trust", { newHostsFile: "/nowhere" }, "other ssh-ed25519 AAAA", "is not in known_hosts"],
  ])("is put before nobody when %s", async (_, change, knownHosts, words) => {
    const person = startPerson(true);
    const global = join(folder.path, "global");
    const hop = makeHop(server, { identityFiles: [server.privateKeyPath], knownHostsFiles: [global], ...change });
    const error = await expectRefusal({ hops: [hop] }, { ...person, knownHosts });
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN", message: expect.stringContaining(words) });
    expect(person.offers).toEqual([]);
    await expect(stat(global)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("that cannot be written down stops us", async () => {
    await makeFile("");
    await rm(file);
    await runCommand(["mkfifo", join(folder.path, "home/.ssh/x")]);
    const path = join(folder.path, "home/.ssh/x/known_hosts");
    const error = await expectRefusal(makeRoute({ knownHostsFiles: [path], newHostsFile: path }), startPerson(true));
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN" });
    expect(error.message).toContain(`${path} cannot be written`);
  });

  test("may take a person longer than connecting may", async () => {
    expect(await echoOver(makeRoute(), { acceptHostKey: async () => sleep(2500, true), deadlineSeconds: 2 })).toContain(
      "in as",
    );
  });
});

test("a yes that comes when the server has closed the connection is not written down", async () => {
  await using late = await startSshServer({
    folder: join(folder.path, "late"),
    user: await ensureClusterUser(),
    extraConf: "LoginGraceTime 1",
  });
  const hop = makeHop(late, { identityFiles: [late.privateKeyPath], knownHostsFiles: [file], newHostsFile: file });
  const { promise: answer, resolve: sayYes } = Promise.withResolvers<boolean>();
  const signals: AbortSignal[] = [];
  const acceptHostKey = async (_: HostKeyOffer, signal: AbortSignal) => {
    signals.push(signal);
    return answer;
  };
  expect(await expectRefusal({ hops: [hop] }, { acceptHostKey })).toMatchObject({
    code: "SSH_UNREACHABLE",
    message: expect.stringContaining("closed the connection before the question was answered"),
  });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  sayYes(true);
  await sleep(200);
  await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
});

describe("a host that is listed", () => {
  test("with another key is refused without a question, with both fingerprints and what to do", async () => {
    const other = (await writeClientKey(join(folder.path, "other"))).publicKey.split(" ").slice(0, 2).join(" ");
    await makeFile(`# the first line\n[127.0.0.1]:${server.port} ${other}\n`);
    const person = startPerson(true);
    const error = await expectRefusal(makeRoute(), person);
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
    const fingerprint = (await runCommand(["ssh-keygen", "-lf", join(folder.path, "other.pub")])).stdout.split(" ")[1];
    expect(error.message).toContain(`${server.hostKeyFingerprint}, but known_hosts has ${fingerprint} (${file}:2)`);
    expect(error.hint).toContain(`ssh-keygen -f ${file} -R '[127.0.0.1]:${server.port}'`);
    expect(error.hint).toContain(server.knownHosts.trim());
    expect(person.offers).toEqual([]);
  });

  test("with its key revoked is refused without a question, also where another line lists the key", async () => {
    await makeFile(`${server.knownHosts}@revoked ${server.knownHosts}`);
    const person = startPerson(true);
    const error = await expectRefusal(makeRoute(), person);
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
    expect(error.message).toContain(`${server.hostKeyFingerprint}, which ${file}:2 marks as revoked`);
    expect(error.hint).not.toContain("ssh-keygen");
    expect(person.offers).toEqual([]);
  });

  test("by another type of key alone is refused without a question", async () => {
    await runCommand(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", join(folder.path, "curve")]);
    const curve = (await readFile(join(folder.path, "curve.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
    await makeFile(`[127.0.0.1]:${server.port} ${curve}\n`);
    const person = startPerson(true);
    const error = await expectRefusal(makeRoute(), person);
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN" });
    expect(error.message).toContain("it is known by ecdsa-sha2-nistp256");
    expect(person.offers).toEqual([]);
  });

  test("by an authority alone is refused, with the words that help", async () => {
    const authority = (await writeClientKey(join(folder.path, "ca"))).publicKey.split(" ").slice(0, 2).join(" ");
    await makeFile(`@cert-authority * ${authority}\n`);
    const person = startPerson(true);
    const error = await expectRefusal(makeRoute(), person);
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN" });
    const fingerprint = (await runCommand(["ssh-keygen", "-lf", join(folder.path, "ca.pub")])).stdout.split(" ")[1];
    expect(error.message).toContain(`${fingerprint} (${file}:1), and host certificates are not supported`);
    expect(error.message).toContain(server.hostKeyFingerprint);
    expect(error.hint).toContain(server.knownHosts.trim());
    expect(person.offers).toEqual([]);
  });

  test("in the second file, hashed, or by its alias is known", async () => {
    const key = server.knownHosts.trim().split(" ").slice(1).join(" ");
    const global = join(folder.path, "global");
    await writeFile(global, server.knownHosts);
    await runCommand(["ssh-keygen", "-q", "-H", "-f", global]);
    expect(await readFile(global, "utf8")).not.toContain("127.0.0.1");
    expect(await echoOver(makeRoute())).toContain("in as");
    await rm(global);
    await makeFile(`pool.example ${key}\n`);
    expect(await echoOver(makeRoute({ alias: "pool.example" }))).toContain("in as");
    const error = await expectRefusal(makeRoute({ alias: "pond.example" }));
    expect(error.hint).toContain(`pond.example ${key}`);
  });
});

describe("the port and the alias count as with OpenSSH:", () => {
  const [plain, other] = [
    "127.0.0.1",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
  ];

  test.each<[string, (key: string, name: string) => string, string | undefined, boolean]>([
    ["the host without its port", (key) => `${plain} ${key}`, undefined, true],
    ["the host without its port and with another key", () => `${plain} ${other}`, undefined, false],
    ["another key with the port", (key, name) => `${plain} ${key}\n${name} ${other}`, undefined, false],
    ["an alias that is the host's name", (key) => `${plain} ${key}`, plain, true],
    ["the port beside an alias that is the host's name", (key, name) => `${name} ${key}`, plain, false],
    ["the host beside an alias", (key) => `${plain} ${key}`, "pool", false],
  ])("%s", async (_, makeText, alias, isKnown) => {
    const [name = "", ...key] = server.knownHosts.trim().split(" ");
    await makeFile(`${makeText(key.join(" "), name)}\n`);
    expect(await askOpenSsh(alias === undefined ? "" : `HostKeyAlias ${alias}`)).toBe(isKnown);
    const route = makeRoute(alias === undefined ? {} : { alias });
    const isIn = await echoOver(route).then(
      () => true,
      () => false,
    );
    expect(isIn).toBe(isKnown);
  });
});

test("stops at a known_hosts file that cannot be read, for it may revoke the key", async () => {
  await makeFile(server.knownHosts);
  const folderAsFile = join(folder.path, "a-folder");
  await runCommand(["mkdir", "-p", folderAsFile]);
  await chmod(folderAsFile, 0o700);
  const error = await expectRefusal(makeRoute({ knownHostsFiles: [file, folderAsFile] }));
  expect(error).toMatchObject({ code: "CONFIG_INVALID" });
  expect(error.message).toContain(folderAsFile);
});

/** Whether OpenSSH lets itself into the server with a line of ssh_config. */
async function askOpenSsh(line: string): Promise<boolean> {
  const config = join(folder.path, "ssh_config");
  await writeFile(config, `${line}\nUserKnownHostsFile ${file}\nGlobalKnownHostsFile none\nBatchMode yes\n`);
  const { user, host, port, privateKeyPath } = server;
  const { exitCode } = await tryCommand([
    "ssh",
    "-F",
    config,
    "-i",
    privateKeyPath,
    "-p",
    `${port}`,
    `${user}@${host}`,
    "true",
  ]);
  return exitCode === 0;
}

describe("a list of revoked host keys", () => {
  const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

  test.each<[string, (own: string) => string, string | undefined]>([
    ["with the host's key", (own) => `# gone\n\n${other} a comment\n  ${own} old\n`, "SSH_HOST_KEY_MISMATCH"],
    ["with other keys", () => `# gone\n${other}\n`, undefined],
    ["that is empty", () => "", undefined],
    ["with the host's name before its key", (own) => `${server.host} ${own}\n`, "CONFIG_INVALID"],
    ["with a key that is cut", () => `${other.slice(0, -8)}\n`, "CONFIG_INVALID"],
    ["with a line that is no key", () => `${other}\nnonsense\n`, "CONFIG_INVALID"],
  ])("%s counts as with OpenSSH", async (_, makeText, code) => {
    await makeFile(server.knownHosts);
    const list = join(folder.path, "revoked");
    await writeFile(list, makeText(server.knownHosts.trim().split(" ").slice(1).join(" ")));
    expect(await askOpenSsh(`RevokedHostKeys ${list}`)).toBe(code === undefined);
    const route = makeRoute({ revokedKeysFile: list });
    // Who names the known hosts as text does not undo a revocation.
    for (const credentials of [{}, { knownHosts: server.knownHosts }]) {
      const outcome = await echoOver(route, credentials).then(
        () => undefined,
        (error: unknown) => (error instanceof RepxError ? error.code : error),
      );
      expect(outcome).toBe(code);
    }
  });

  test("that is missing, or a binary one, lets no host pass, as with OpenSSH", async () => {
    await makeFile(server.knownHosts);
    const [missing, binary, own] = ["no-list", "binary list", "own.pub"].map((name) => join(folder.path, name));
    await writeFile(String(own), server.knownHosts.trim().split(" ").slice(1).join(" "));
    await runCommand(["ssh-keygen", "-q", "-k", "-f", String(binary), String(own)]);
    for (const [path, words] of [
      [missing, "is not there"],
      [binary, "binary list"],
      [folder.path, "cannot be read"],
    ] as const) {
      expect(await askOpenSsh(`RevokedHostKeys "${path}"`)).toBe(false);
      const error = await expectRefusal(makeRoute({ revokedKeysFile: String(path) }), startPerson(true));
      expect(error).toMatchObject({ code: "CONFIG_INVALID" });
      expect(error.message).toContain(words);
    }
  });
});
