// Which keys a server is offered, in which order, and what is said when it takes none.
import { appendFile, copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SshHop, SshRoute } from "../../packages/core/src/target/route/ssh-route.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand } from "../harness/command.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { echoOver, expectRefusal, makeHop, openHopsOf, startAgent, type Agent } from "./hand-made-route.ts";

let folder: ScratchFolder;
let server: SshServer;
let agent: Agent;
let authorized: string;
let known: { knownHosts: string };

beforeAll(async () => {
  folder = await startScratchFolder();
  await runCommand(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ca", "-f", at("ca")]);
  server = await startSshServer({
    folder: at("sshd"),
    user: await ensureClusterUser(),
    extraConf: `TrustedUserCAKeys ${at("ca.pub")}\n`,
  });
  authorized = at("sshd/authorized", server.user);
  known = { knownHosts: server.knownHosts };
  agent = await startAgent(folder.path);
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await writeFile(authorized, "");
  await agent.empty();
});

function at(...names: readonly string[]): string {
  return join(folder.path, ...names);
}

function makeRoute(change: Partial<SshHop>, withAgent = false): SshRoute {
  return { hops: [makeHop(server, { ...change, ...(withAgent ? { agentSocket: agent.socket } : {}) })] };
}

/** Makes a key file; its public half lies beside it. */
async function makeKey(name: string, options: { type?: string; bits?: string; passphrase?: string } = {}) {
  const path = at(name);
  await rm(path, { force: true });
  const { type = "ed25519", bits, passphrase = "" } = options;
  const size = bits === undefined ? [] : ["-b", bits];
  await runCommand(["ssh-keygen", "-q", "-t", type, ...size, "-N", passphrase, "-C", name, "-f", path]);
  return { path, fingerprint: (await runCommand(["ssh-keygen", "-lf", path])).stdout.split(" ")[1] ?? "" };
}

async function authorize(path: string): Promise<void> {
  await appendFile(authorized, await readFile(`${path}.pub`, "utf8"));
}

/** Certifies a key by our authority; the certificate lies beside it. */
async function certify(path: string, options: readonly string[] = []): Promise<void> {
  await runCommand([
    "ssh-keygen",
    "-q",
    "-s",
    at("ca"),
    "-I",
    "a person",
    "-n",
    server.user,
    ...options,
    `${path}.pub`,
  ]);
}

const IN = (): string => `in as ${server.user}\n`;

describe("an identity file", () => {
  test.each([
    ["ed25519", undefined],
    ["rsa", "2048"],
    ["ecdsa", "256"],
    ["ecdsa", "384"],
    ["ecdsa", "521"],
  ])("of type %s %s lets us in, by itself and from the agent", async (type, bits) => {
    const { path } = await makeKey("typed", { type, ...(bits === undefined ? {} : { bits }) });
    await authorize(path);
    expect(await echoOver(makeRoute({ identityFiles: [path] }), known)).toBe(IN());
    await agent.add(path);
    expect(await echoOver(makeRoute({}, true), known)).toBe(IN());
  });

  test("is tried after others that are refused", async () => {
    const keys = [await makeKey("a"), await makeKey("b"), await makeKey("c")];
    await authorize(at("c"));
    expect(await echoOver(makeRoute({ identityFiles: keys.map((key) => key.path) }), known)).toBe(IN());
  });

  test("that is not there is passed over", async () => {
    const { path } = await makeKey("there");
    await authorize(path);
    expect(await echoOver(makeRoute({ identityFiles: [at("not-there"), path] }), known)).toBe(IN());
  });

  test("that cannot be read or parsed is told of when nothing else is let in", async () => {
    const { path, fingerprint } = await makeKey("stranger");
    await writeFile(at("broken"), "s3cret nonsense");
    const route = makeRoute({ identityFiles: [at("broken"), folder.path, path] });
    const error = await expectRefusal(route, known);
    expect(error).toMatchObject({ code: "SSH_KEY_REFUSED" });
    expect(error.message).toContain(`${fingerprint} from ${path}`);
    expect(error.message).toContain(`${at("broken")} is not a private key that can be read`);
    expect(error.message).toContain(`${folder.path} cannot be read (EISDIR)`);
    expect(error.message).not.toContain("s3cret");
  });

  test("is needed: without any, and without an agent, nothing is offered", async () => {
    const error = await expectRefusal(makeRoute({ identityFiles: [at("not-there")] }), known);
    expect(error).toMatchObject({ code: "SSH_KEY_INVALID" });
    expect(error.hint).toContain("[targets.cluster]");
  });
});

test.each([
  ["publickey,keyboard-interactive", ["one"], "keyboard-interactive"],
  ["publickey,publickey", ["one"], "publickey"],
])("a server that wants %s is told from one that refuses the key", async (methods, names, asked) => {
  await using strict = await startSshServer({
    folder: at("strict"),
    user: await ensureClusterUser(),
    hasKeyboardInteractive: true,
    extraConf: `AuthenticationMethods ${methods}\n`,
  });
  const keys = await Promise.all(names.map(async (name) => makeKey(name)));
  await writeFile(at("strict/authorized", strict.user), await readFile(at("one.pub"), "utf8"));
  const hop = makeHop(strict, { identityFiles: keys.map(({ path }) => path) });
  const error = await expectRefusal({ hops: [hop] }, { knownHosts: strict.knownHosts });
  expect(error).toMatchObject({ code: "SSH_KEY_REFUSED", hint: expect.stringContaining("a key alone") });
  expect(error.message).toMatch(/took the key SHA256:\S+ from \S+ and also asks for /);
  expect(error.message).toContain(`also asks for ${asked}`);
  const two = await makeKey("two");
  await appendFile(at("strict/authorized", strict.user), await readFile(at("two.pub"), "utf8"));
  const both = makeHop(strict, { identityFiles: [...keys.map(({ path }) => path), two.path] });
  const isIn = await echoOver({ hops: [both] }, { knownHosts: strict.knownHosts }).then(
    () => true,
    () => false,
  );
  expect(isIn).toBe(asked === "publickey");
});

describe("an encrypted identity file", () => {
  test("is asked for after the one before it, where several hide their public halves", async () => {
    const paths = await Promise.all(
      ["p1", "p2"].map(async (name) => {
        const path = at(name);
        await rm(path, { force: true });
        await runCommand(["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "opens", "-f", path]);
        await rename(`${path}.pub`, `${path}.public`);
        return path;
      }),
    );
    await appendFile(authorized, await readFile(at("p2.public"), "utf8"));
    let open = 0;
    const asked: string[] = [];
    const askPassphrase = async (what: string) => {
      asked.push(what);
      expect(++open).toBe(1);
      await sleep(50);
      open--;
      return "opens";
    };
    expect(await echoOver(makeRoute({ identityFiles: paths }), { ...known, askPassphrase })).toBe(IN());
    expect(asked.toSorted()).toEqual(paths);
  });

  test("is unlocked by a passphrase that is asked for, once the server would take it", async () => {
    const [stranger, locked] = [await makeKey("l1", { passphrase: "one" }), await makeKey("l2", { passphrase: "two" })];
    await authorize(locked.path);
    const asked: string[] = [];
    const answers = ["wrong", "two"];
    const askPassphrase = async (what: string) => {
      asked.push(what);
      return answers.shift();
    };
    const route = makeRoute({ identityFiles: [stranger.path, locked.path] });
    expect(await echoOver(route, { ...known, askPassphrase })).toBe(IN());
    expect(asked).toEqual([locked.path, locked.path]);
  });

  test("of PEM's form without a public half beside it is unlocked too", async () => {
    const { path } = await makeKey("pem", { type: "rsa", bits: "2048" });
    await authorize(path);
    await runCommand(["ssh-keygen", "-q", "-p", "-m", "PEM", "-P", "", "-N", "correct", "-f", path]);
    await rm(`${path}.pub`);
    const credentials = { ...known, askPassphrase: async () => "correct" };
    expect(await echoOver(makeRoute({ identityFiles: [path] }), credentials)).toBe(IN());
  });

  test("is passed over when nobody answers, and the refusal says so", async () => {
    const locked = await makeKey("l3", { passphrase: "three" });
    await authorize(locked.path);
    for (const askPassphrase of [undefined, async () => undefined]) {
      const credentials = { ...known, ...(askPassphrase === undefined ? {} : { askPassphrase }) };
      const error = await expectRefusal(makeRoute({ identityFiles: [locked.path] }), credentials);
      expect(error.code).toBe(askPassphrase === undefined ? "SSH_KEY_INVALID" : "SSH_KEY_REFUSED");
      expect(error.message).toContain(`${locked.path} is encrypted and no passphrase was given`);
    }
    const open = await makeKey("open");
    await authorize(open.path);
    const route = makeRoute({ identityFiles: [locked.path, open.path] });
    expect(await echoOver(route, { ...known, askPassphrase: async () => undefined })).toBe(IN());
  });

  test("may take a person longer than connecting may", async () => {
    const locked = await makeKey("l4", { passphrase: "four" });
    await authorize(locked.path);
    const credentials = { ...known, askPassphrase: async () => sleep(3500, "four"), deadlineSeconds: 3 };
    expect(await echoOver(makeRoute({ identityFiles: [locked.path] }), credentials)).toBe(IN());
  });
});

describe("the agent", () => {
  test("signs with keys that are nowhere else", async () => {
    const { path } = await makeKey("moved");
    await authorize(path);
    await agent.add(path);
    await rm(path);
    expect(await echoOver(makeRoute({}, true), known)).toBe(IN());
    expect(await echoOver(makeRoute({ identityFiles: [path], identitiesOnly: true }, true), known)).toBe(IN());
  });

  test("is asked only for keys of identity files when these alone may be used", async () => {
    const [mine, other] = [await makeKey("mine"), await makeKey("other")];
    await authorize(other.path);
    await agent.add(other.path);
    const route = { identityFiles: [mine.path], identitiesOnly: true };
    const error = await expectRefusal(makeRoute(route, true), known);
    expect(error).toMatchObject({ code: "SSH_KEY_REFUSED" });
    expect(error.message).toContain(mine.fingerprint);
    expect(error.message).not.toContain(other.fingerprint);
    expect(await echoOver(makeRoute({ ...route, identitiesOnly: false }, true), known)).toBe(IN());
  });

  test("offers first what identity files name, then its others, then come the files, six in all", async () => {
    const names = ["k1", "k2", "k3", "k4", "k5", "k6", "k7"];
    const keys = await Promise.all(names.map(async (name) => makeKey(name)));
    for (const name of ["k1", "k2", "k3"]) await agent.add(at(name));
    const error = await expectRefusal(
      makeRoute({ identityFiles: ["k4", "k3", "k5", "k6", "k7"].map((n) => at(n)) }, true),
      known,
    );
    const order = [2, 0, 1, 3, 4, 5].map((index) => keys[index]?.fingerprint ?? "");
    expect(order.map((fingerprint) => error.message.indexOf(fingerprint))).toEqual(
      order.map((fingerprint) => error.message.indexOf(fingerprint)).toSorted((a, b) => a - b),
    );
    expect(error.details).toMatchObject({ tried: order.map((fingerprint) => expect.stringContaining(fingerprint)) });
    expect(error.message).toContain("the agent (k3)");
    expect(error.message).toContain("1 more were not tried");
    expect(error.hint).toContain("`IdentitiesOnly yes` for 127.0.0.1");
  });

  test("that has gone is told of, and files are used", async () => {
    const { path } = await makeKey("file");
    const route = makeRoute({ identityFiles: [path], agentSocket: at("gone.sock") });
    const error = await expectRefusal(route, known);
    expect(error.message).toContain(`the agent at ${at("gone.sock")} does not answer`);
    await authorize(path);
    expect(await echoOver(route, known)).toBe(IN());
  });

  test("is not asked when a key is given as text", async () => {
    const [given, other] = [await makeKey("given"), await makeKey("in-agent")];
    await authorize(other.path);
    await agent.add(other.path);
    const credentials = { ...known, privateKey: await readFile(given.path, "utf8") };
    const error = await expectRefusal(makeRoute({ identityFiles: [other.path] }, true), credentials);
    expect(error).toMatchObject({
      code: "SSH_KEY_REFUSED",
      details: { tried: [`${given.fingerprint} from the SSH key`] },
    });
    await authorize(given.path);
    expect(await echoOver(makeRoute({}), credentials)).toBe(IN());
  });
});

describe("a user certificate", () => {
  afterEach(async () => {
    for (const name of ["certified", "elsewhere"]) await rm(at(`${name}-cert.pub`), { force: true });
  });

  test.each([
    ["ed25519", undefined],
    ["rsa", "2048"],
    ["ecdsa", "256"],
    ["ecdsa", "521"],
  ])("for a key of type %s %s lets us in, beside its file, named, and from the agent", async (type, bits) => {
    const { path } = await makeKey("certified", { type, ...(bits === undefined ? {} : { bits }) });
    await certify(path);
    expect(await echoOver(makeRoute({ identityFiles: [path] }), known)).toBe(IN());
    await agent.add(path);
    await rm(path);
    expect(await echoOver(makeRoute({}, true), known)).toBe(IN());
    expect(await echoOver(makeRoute({ identityFiles: [path], identitiesOnly: true }, true), known)).toBe(IN());
  });

  test("lies elsewhere when certificateFiles names it, also for a key given as text", async () => {
    const { path } = await makeKey("certified");
    await certify(path);
    const given = { ...known, privateKey: await readFile(path, "utf8") };
    expect(await echoOver(makeRoute({ identityFiles: [path] }), given)).toBe(IN());
    await copyFile(`${path}-cert.pub`, at("elsewhere-cert.pub"));
    await rm(`${path}-cert.pub`);
    const change = { certificateFiles: [at("elsewhere-cert.pub")] };
    expect(await echoOver(makeRoute({ ...change, identityFiles: [path] }), known)).toBe(IN());
    const privateKey = await readFile(path, "utf8");
    expect(await echoOver(makeRoute(change), { ...known, privateKey })).toBe(IN());
  });

  test("that has run out gives way to its key, and the refusal tells its end", async () => {
    const { path, fingerprint } = await makeKey("certified");
    await certify(path, ["-V", "20200101000000Z:20200102000000Z"]);
    const error = await expectRefusal(makeRoute({ identityFiles: [path] }), known);
    expect(error.message).toContain(`the certificate "a person", valid until 2020-01-02T00:00:00Z of ${fingerprint}`);
    await authorize(path);
    expect(await echoOver(makeRoute({ identityFiles: [path] }), known)).toBe(IN());
  });

  test("of a host is no certificate of a user", async () => {
    const { path } = await makeKey("certified");
    await certify(path, ["-h"]);
    const error = await expectRefusal(makeRoute({ identityFiles: [path] }), known);
    expect(error.message).not.toContain("certificate");
  });
});

test("a second login works after many were refused", async () => {
  const { path } = await makeKey("late");
  await expectRefusal(makeRoute({ identityFiles: [path] }), known);
  await authorize(path);
  await using transport = await openHopsOf(makeRoute({ identityFiles: [path] }), known);
  expect((await transport.run({ argv: ["true"] })).exitCode).toBe(0);
});
