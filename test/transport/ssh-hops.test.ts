// Three servers, one behind the other: the way through jump hosts.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SshHop, SshRoute } from "../../packages/core/src/target/route/ssh-route.ts";
import { testTransport } from "../../packages/core/src/target/transport/transport.suite.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand } from "../harness/command.ts";
import { findFreePort } from "../harness/free-port.ts";
import { readPidFile, readTree } from "../harness/process.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { echoOver, expectRefusal, makeHop, openHopsOf } from "./hand-made-route.ts";

const FOLDERS = ["one", "two", "three"];
let folder: ScratchFolder;
let servers: SshServer[];

beforeAll(async () => {
  folder = await startScratchFolder();
  const user = await ensureClusterUser();
  servers = [];
  for (const name of FOLDERS) servers.push(await startSshServer({ folder: join(folder.path, name), user }));
  await writeFile(join(folder.path, "known_hosts"), servers.map((one) => one.knownHosts).join(""));
});

afterAll(async () => {
  for (const one of servers) await one[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Through all servers, each entered by its own key alone; `change` is of the hop with that number. */
function makeRoute(change: Readonly<Record<number, Partial<SshHop>>> = {}): SshRoute {
  const knownHostsFiles = [join(folder.path, "known_hosts")];
  const hops = servers.map((one, index) =>
    makeHop(one, { knownHostsFiles, identityFiles: [one.privateKeyPath], ...change[index] }),
  );
  return { hops };
}

function server(index: number): SshServer {
  const found = servers[index];
  if (found === undefined) throw new Error(`no server ${index}`);
  return found;
}

async function listen(onConnection: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const listener = createServer(onConnection);
  const port = await findFreePort();
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  return { port, [Symbol.asyncDispose]: async () => void listener.close() };
}

/** Each server has a process of its own for every connection. */
async function hasNoSessions(): Promise<boolean> {
  return (await Promise.all(NAMES.map(countSessions))).every((count) => count === 0);
}

async function countSessions(_name: string, index: number): Promise<number> {
  const pid = await readPidFile(join(folder.path, FOLDERS[index] ?? "", "sshd.pid"));
  if (pid === undefined) throw new Error(`server ${index} does not run`);
  return (await readTree(pid)).length - 1;
}

const NAMES = ["(jump host 1)", "(jump host 2)", "(the target)"];

describe("a transport over two jump hosts", () => {
  testTransport(async () => openHopsOf(makeRoute()));

  test("is named after the target", async () => {
    await using transport = await openHopsOf(makeRoute());
    expect(transport.description).toBe(`${server(2).user}@127.0.0.1:${server(2).port}`);
  });

  test("carries bulk data both ways unchanged", async () => {
    await using transport = await openHopsOf(makeRoute());
    const bytes = randomBytes(24 * 1024 * 1024);
    const sum = await transport.run({ argv: ["sha256sum"], stdin: bytes });
    expect(sum.stdout.split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
    const back = await transport.run({ argv: ["base64", "-w0"], stdin: bytes });
    expect(Buffer.from(back.stdout, "base64").equals(bytes)).toBe(true);
  });

  test("closes every connection when it is disposed of", async () => {
    await waitUntil({ what: "earlier sessions to end", timeoutSeconds: 20 }, hasNoSessions);
    const transport = await openHopsOf(makeRoute());
    await transport.run({ argv: ["true"] });
    expect(await hasNoSessions()).toBe(false);
    await transport[Symbol.asyncDispose]();
    await waitUntil({ what: "three sessions to end", timeoutSeconds: 20 }, hasNoSessions);
    await expect(transport.run({ argv: ["true"] })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  });

  test.each([0, 1, 2])("lets what runs end with SSH_CONNECTION_LOST when server %i goes", async (index) => {
    const transport = await openHopsOf(makeRoute());
    const running = transport.run({ argv: ["sleep", "100"] }).catch((error: unknown) => error);
    await transport.run({ argv: ["true"] });
    await server(index).stop();
    expect(await running).toMatchObject({ code: "SSH_CONNECTION_LOST" });
    await transport[Symbol.asyncDispose]();
    await server(index).start();
  });

  test("offers a jump host a key given as text before its own keys", async () => {
    const privateKey = server(2).privateKey;
    expect(await echoOver(makeRoute({ 2: { identityFiles: [] } }), { privateKey })).toContain("in as");
  });
});

describe.each([0, 1, 2])("when hop %i is at fault, the error names it", (index) => {
  const name = NAMES[index] ?? "";

  test("for an unknown host key", async () => {
    const error = await expectRefusal(makeRoute({ [index]: { knownHostsFiles: [join(folder.path, "none")] } }));
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN" });
    expect(error.message).toContain(`127.0.0.1:${server(index).port} ${name} offered the key`);
    expect(error.hint).toContain(server(index).knownHosts.trim());
  });

  test("for a key that is refused", async () => {
    const stranger = server((index + 1) % 3);
    const error = await expectRefusal(makeRoute({ [index]: { identityFiles: [stranger.privateKeyPath] } }));
    expect(error).toMatchObject({ code: "SSH_KEY_REFUSED" });
    expect(error.message).toContain(`${server(index).user}@127.0.0.1:${server(index).port} ${name} refused the key`);
    // Those before it are left.
    await waitUntil({ what: "all sessions to end", timeoutSeconds: 20 }, hasNoSessions);
  });

  test("for the want of a key", async () => {
    const error = await expectRefusal(makeRoute({ [index]: { identityFiles: [] } }));
    expect(error).toMatchObject({ code: "SSH_KEY_INVALID" });
    expect(error.message).toContain(name);
  });

  test("for a server that is down", async () => {
    const port = await findFreePort();
    const error = await expectRefusal(makeRoute({ [index]: { port } }));
    expect(error).toMatchObject({ code: "SSH_UNREACHABLE" });
    const from =
      index === 0
        ? "cannot be reached: "
        : `cannot be reached from 127.0.0.1:${server(index - 1).port} ${NAMES[index - 1]}`;
    expect(error.message).toContain(`127.0.0.1:${port} ${name} ${from}`);
  });

  test("for a server that stays silent, within the one deadline", async () => {
    await using silent = await listen(() => {});
    const error = await expectRefusal(makeRoute({ [index]: { port: silent.port } }), { deadlineSeconds: 2 });
    expect(error).toMatchObject({ code: "SSH_TIMEOUT" });
    expect(error.message).toContain(`127.0.0.1:${silent.port} ${name} did not let us in within 2 seconds`);
  });
});

test("names the jump host that forbids forwarding", async () => {
  const user = await ensureClusterUser();
  await using strict = await startSshServer({
    folder: join(folder.path, "strict"),
    user,
    extraConf: "AllowTcpForwarding no\n",
  });
  const { host, port, privateKeyPath, knownHosts } = strict;
  const route = makeRoute({ 1: { host, port, identityFiles: [privateKeyPath] } });
  const text = servers.map((one) => one.knownHosts).join("");
  const error = await expectRefusal(route, { knownHosts: text + knownHosts });
  expect(error).toMatchObject({ code: "SSH_UNREACHABLE" });
  expect(error.message).toContain(`(the target) cannot be reached from 127.0.0.1:${port} (jump host 2): it forbids`);
  expect(error.hint).toContain("AllowTcpForwarding");
});

test("asks for no passphrase of the next hop any longer when a jump host goes", async () => {
  const locked = join(folder.path, "locked");
  await runCommand(["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "sesame", "-f", locked]);
  // Without its public half the key is unlocked before anything is offered.
  await rm(`${locked}.pub`);
  const asked = Promise.withResolvers<undefined>();
  const unanswered = Promise.withResolvers<string | undefined>();
  const askPassphrase = async (_: string, signal: AbortSignal) => {
    asked.resolve(undefined);
    signal.addEventListener("abort", () => unanswered.resolve(undefined));
    return unanswered.promise;
  };
  const opening = expectRefusal(makeRoute({ 1: { identityFiles: [locked] } }), { askPassphrase });
  // Undefined, or why it never came to that.
  expect(await Promise.race([asked.promise, opening])).toBeUndefined();
  await server(0).stop();
  expect(await opening).toMatchObject({ code: "SSH_UNREACHABLE", message: expect.stringContaining("was lost") });
  expect(await unanswered.promise).toBeUndefined();
  await server(0).start();
});
