// A server that takes the connection and then, at one step of the login, says no more.
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import * as z from "zod";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { startNetworkLine } from "../harness/network-line.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { makeSshKeyPair } from "../harness/ssh-key-pair.ts";
import { startSshServer } from "../harness/ssh-server.ts";
import { expectRefusal, makeHop } from "./hand-made-route.ts";

const KEYS = { host: await makeSshKeyPair(), client: await makeSshKeyPair() };

async function expectTimeout(port: number): Promise<string> {
  const route = { hops: [makeHop({ user: "someone", host: "127.0.0.1", port })] };
  const error = await expectRefusal(route, {
    privateKey: KEYS.client.private,
    knownHosts: `[127.0.0.1]:${port} ${KEYS.host.public}\n`,
    deadlineSeconds: 0.5,
  });
  expect(error).toMatchObject({ code: "SSH_TIMEOUT" });
  return error.message;
}

test.each([
  ["before its banner", ""],
  ["after its banner", "SSH-2.0-Silent_1.0\r\n"],
])("gives up at the deadline with SSH_TIMEOUT when the server is silent %s", async (_, banner) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (banner !== "") socket.write(banner);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  expect(await expectTimeout(port)).toBe(
    `127.0.0.1:${port} did not let us in within 0.5 seconds: it took the connection and did not exchange keys`,
  );
  server.close();
});

test("gives up at the deadline with SSH_TIMEOUT when the server does not answer the login", async () => {
  const server = new ssh2.Server({ hostKeys: [KEYS.host.private] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  expect(await expectTimeout(port)).toContain("it did not answer the login");
  server.close();
});

test("gives up at the deadline with SSH_TIMEOUT when the agent does not answer", async () => {
  await using folder = await startScratchFolder();
  const agent = createServer(() => {});
  agent.listen(join(folder.path, "agent"));
  await once(agent, "listening");
  const agentSocket = join(folder.path, "agent");
  const hops = [makeHop({ user: "someone", host: "127.0.0.1", port: 1 }, { agentSocket })];
  const error = await expectRefusal({ hops }, { deadlineSeconds: 0.3 });
  expect(error).toMatchObject({ code: "SSH_TIMEOUT" });
  agent.close();
});

test("says that the server closed the connection when it is cut at any point of the login", async () => {
  await using folder = await startScratchFolder();
  await using server = await startSshServer({ folder: join(folder.path, "sshd"), user: await ensureClusterUser() });
  for (const cutAfterBytes of [1, 40, 600, 1400, 1800, 2200, 2400]) {
    await using line = await startNetworkLine({ port: server.port, cutAfterBytes });
    const hop = makeHop(server, { port: line.port, identityFiles: [server.privateKeyPath] });
    const knownHosts = server.knownHosts.replace(`:${server.port} `, `:${line.port} `);
    const error = await expectRefusal({ hops: [hop] }, { knownHosts }).catch(() => undefined);
    if (line.bytesUp < cutAfterBytes) continue;
    expect(error).toMatchObject({ code: "SSH_UNREACHABLE" });
  }
});
