import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RepxError } from "../../packages/core/src/model/errors.ts";
import type { Target } from "../../packages/core/src/target/config/config.ts";
import { openTransport, type Credentials } from "../../packages/core/src/target/transport/transport.ts";
import { testTransport } from "../../packages/core/src/target/transport/transport.suite.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { findFreePort } from "../harness/free-port.ts";
import { startSshServer, writeClientKey, type SshServer } from "../harness/ssh-server.ts";

const run = promisify(execFile);
let folder: string;
let server: SshServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-ssh-test-"));
  const user = await ensureClusterUser();
  server = await startSshServer({ folder: join(folder, "sshd"), user, environment: { FROM_SSHD: "yes" } });
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function makeTarget(change: Partial<NonNullable<Target["address"]>> = {}): Target {
  const address = { user: server.user, host: server.host, port: server.port, ...change };
  return { name: "cluster", address, basePath: "/tmp/x", scheduler: "slurm" };
}

function makeCredentials(change: Partial<Credentials> = {}): Credentials {
  // A home of the tests' own: no ssh_config and no keys of the machine's user have a say.
  const environment = { HOME: join(folder, "home") };
  return { privateKey: server.privateKey, knownHosts: server.knownHosts, deadlineSeconds: 10, environment, ...change };
}

/** The error that opening ends with. */
async function refuse(target: Target, credentials: Credentials): Promise<RepxError> {
  const error: unknown = await openTransport(target, credentials).then(
    async (transport) => transport[Symbol.asyncDispose](),
    (caught: unknown) => caught,
  );
  if (!(error instanceof RepxError)) throw new Error(`no RepxError: ${String(error)}`);
  return error;
}

async function listen(onConnection: (server: Server) => void = () => {}): Promise<{ port: number; close(): void }> {
  const listener = createServer(() => onConnection(listener));
  const port = await findFreePort();
  await new Promise<void>((resolve) => void listener.listen(port, "127.0.0.1", resolve));
  return { port, close: () => void listener.close() };
}

describe("the SSH transport", () => {
  testTransport(async () => openTransport(makeTarget(), makeCredentials()));

  test("says whom and where it reaches", async () => {
    await using transport = await openTransport(makeTarget(), makeCredentials());
    expect(transport.description).toBe(`${server.user}@127.0.0.1:${server.port}`);
    const output = await transport.run({ argv: ["sh", "-c", 'id -un; echo "$FROM_SSHD"'] });
    expect(output.stdout).toBe(`${server.user}\nyes\n`);
  });

  test("lets everything that runs end with SSH_CONNECTION_LOST when the connection breaks", async () => {
    const transport = await openTransport(makeTarget(), makeCredentials());
    const running = [1, 2].map(async () => transport.run({ argv: ["sleep", "100"] }).catch((error: unknown) => error));
    await transport.run({ argv: ["true"] });
    await server.stop();
    for (const error of await Promise.all(running)) expect(error).toMatchObject({ code: "SSH_CONNECTION_LOST" });
    await expect(transport.run({ argv: ["true"] })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
    await transport[Symbol.asyncDispose]();
    await server.start();
  });

  test("reads the files that the target names", async () => {
    const knownHosts = join(folder, "known_hosts");
    await writeFile(knownHosts, server.knownHosts);
    const target = { ...makeTarget(), identityFile: server.privateKeyPath, knownHosts };
    const { environment = {} } = makeCredentials();
    await using transport = await openTransport(target, { knownHosts: " \n", environment });
    expect((await transport.run({ argv: ["echo", "in"] })).stdout).toBe("in\n");
  });

  test.each(["rsa", "ecdsa"])("enters with an %s key, also one that lost its last line feed", async (type) => {
    const path = join(folder, `client_${type}`);
    await run("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", path]);
    const authorized = join(folder, "sshd/authorized", server.user);
    const before = await readFile(authorized, "utf8");
    await writeFile(authorized, before + (await readFile(`${path}.pub`, "utf8")));
    const privateKey = (await readFile(path, "utf8")).replaceAll("\n", "\r\n").trimEnd();
    await using transport = await openTransport(makeTarget(), makeCredentials({ privateKey }));
    expect((await transport.run({ argv: ["echo", type] })).stdout).toBe(`${type}\n`);
    await writeFile(authorized, before);
  });
});

describe("the way there", () => {
  test("refuses a host that known_hosts does not list, and prints the line to add", async () => {
    const error = await refuse(makeTarget(), makeCredentials({ knownHosts: "" }));
    expect(error.code).toBe("SSH_HOST_KEY_UNKNOWN");
    expect(error.message).toContain(server.hostKeyFingerprint);
    expect(error.hint).toContain(server.knownHosts.trim());
  });

  test("refuses a host whose key changed, naming both fingerprints", async () => {
    const { knownHosts, hostKeyFingerprint } = server;
    await server.replaceHostKey();
    const error = await refuse(makeTarget(), makeCredentials({ knownHosts }));
    expect(error.code).toBe("SSH_HOST_KEY_MISMATCH");
    expect(error.message).toContain(hostKeyFingerprint);
    expect(error.message).toContain(server.hostKeyFingerprint);
  });

  test("refuses a revoked host key", async () => {
    const knownHosts = `${server.knownHosts}@revoked ${server.knownHosts}`;
    const error = await refuse(makeTarget(), makeCredentials({ knownHosts }));
    expect(error).toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
    expect(error.message).toContain("revoked");
  });

  test("names user, host and fingerprint of a key that the host refuses", async () => {
    const stranger = await writeClientKey(join(folder, "stranger"));
    const error = await refuse(makeTarget(), makeCredentials({ privateKey: stranger.privateKey }));
    const { stdout } = await run("ssh-keygen", ["-lf", join(folder, "stranger.pub")]);
    expect(error.code).toBe("SSH_KEY_REFUSED");
    expect(error.message).toContain(`${server.user}@127.0.0.1:${server.port}`);
    expect(error.message).toContain(stdout.split(" ")[1] ?? "no fingerprint");
  });

  test("says that the name of a host is not known", async () => {
    const error = await refuse(makeTarget({ host: "no-such-host.invalid" }), makeCredentials());
    expect(error.code).toBe("SSH_UNREACHABLE");
    expect(error.message).toContain(`no-such-host.invalid:${server.port}`);
  });

  test("says that a host refuses the connection", async () => {
    const port = await findFreePort();
    const error = await refuse(makeTarget({ port }), makeCredentials());
    expect(error).toMatchObject({
      code: "SSH_UNREACHABLE",
      message: `127.0.0.1:${port} cannot be reached: the connection was refused`,
    });
  });

  test("gives up on a host that never answers", async () => {
    const silent = await listen();
    const error = await refuse(makeTarget({ port: silent.port }), makeCredentials({ deadlineSeconds: 0.3 }));
    silent.close();
    expect(error).toMatchObject({ code: "SSH_TIMEOUT" });
    expect(error.message).toContain(`127.0.0.1:${silent.port}`);
  });
});

describe("the private key", () => {
  test.each([
    ["an empty text", async () => " \n"],
    ["something else", async () => "s3cret no key"],
    ["a public key", async () => readFile(`${server.privateKeyPath}.pub`, "utf8")],
    ["half a key", async () => server.privateKey.slice(0, 200)],
  ])("is refused when it is %s, without being shown", async (_, readKey) => {
    const privateKey = await readKey();
    const error = await refuse(makeTarget(), makeCredentials({ privateKey }));
    expect(error.code).toBe("SSH_KEY_INVALID");
    const shown = error.message + error.hint + String(error.stack);
    expect(shown).not.toContain("s3cret");
    expect(shown).not.toContain(server.privateKey.split("\n")[1]);
  });

  test("is refused when encrypted, without or with the wrong passphrase, and works with the right one", async () => {
    const path = join(folder, "encrypted");
    await rm(path, { force: true });
    await writeFile(path, server.privateKey, { mode: 0o600 });
    await run("ssh-keygen", ["-q", "-p", "-P", "", "-N", "correct horse", "-f", path]);
    const privateKey = await readFile(path, "utf8");
    const without = await refuse(makeTarget(), makeCredentials({ privateKey }));
    expect(without).toMatchObject({ code: "SSH_KEY_INVALID" });
    expect(without.message).toContain("encrypted");
    const wrong = await refuse(makeTarget(), makeCredentials({ privateKey, passphrase: "battery" }));
    expect(wrong).toMatchObject({ code: "SSH_KEY_INVALID" });
    expect(wrong.message).toContain("passphrase");
    expect(wrong.message + wrong.hint).not.toContain("battery");
    await using transport = await openTransport(
      makeTarget(),
      makeCredentials({ privateKey, passphrase: "correct horse" }),
    );
    expect((await transport.run({ argv: ["echo", "in"] })).stdout).toBe("in\n");
  });

  test("is asked for when neither input nor target has one", async () => {
    const { knownHosts, environment = {} } = makeCredentials();
    const error = await refuse(makeTarget(), { knownHosts, environment });
    expect(error).toMatchObject({ code: "SSH_KEY_INVALID" });
    expect(error.hint).toContain("identity_file");
  });
});
