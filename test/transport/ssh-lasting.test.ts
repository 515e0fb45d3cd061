// A Transport that opens again: over a server that stops and starts, and a network that is cut.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLasting } from "../../packages/core/src/target/transport/lasting.ts";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { startNetworkLine } from "../harness/network-line.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { makeHop, openHopsOf } from "./hand-made-route.ts";

let folder: ScratchFolder;
let server: SshServer;

beforeAll(async () => {
  folder = await startScratchFolder();
  server = await startSshServer({ folder: join(folder.path, "sshd"), user: await ensureClusterUser() });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function open(port = server.port): Promise<Transport> {
  const hop = makeHop(server, { port, identityFiles: [server.privateKeyPath] });
  return openHopsOf({ hops: [hop] }, { knownHosts: server.knownHosts.replace(`:${server.port} `, `:${port} `) });
}

test("goes on after the server was stopped and started", async () => {
  await using transport = await openLasting(open, { pauseSeconds: 0.05 });
  const running = transport.run({ argv: ["sleep", "100"] }).catch((error: unknown) => error);
  expect((await transport.run({ argv: ["echo", "one"] })).stdout).toBe("one\n");
  await server.stop();
  expect(await running).toMatchObject({ code: "SSH_CONNECTION_LOST" });
  const returning = server.start();
  // The server is down, or on its way up.
  const next = transport.run({ argv: ["echo", "two"] }).catch(async () => transport.run({ argv: ["echo", "two"] }));
  await returning;
  expect((await next).stdout).toBe("two\n");
  expect(transport.description).toBe(`${server.user}@127.0.0.1:${server.port}`);
});

test("gives up in the end on a server that stays down", async () => {
  await using transport = await openLasting(open, { attempts: 3, pauseSeconds: 0.01 });
  await server.stop();
  // The first one may be what notices the loss.
  await transport.run({ argv: ["true"] }).catch(() => {});
  await expect(transport.run({ argv: ["true"] })).rejects.toMatchObject({ code: "SSH_UNREACHABLE" });
  await server.start();
  expect((await transport.run({ argv: ["echo", "back"] })).stdout).toBe("back\n");
});

test("goes on after each of many cuts of the network", async () => {
  await using line = await startNetworkLine({ port: server.port });
  await using transport = await openLasting(async () => open(line.port), { pauseSeconds: 0.01 });
  for (const round of [1, 2, 3, 4, 5]) {
    const running = [1, 2, 3].map(async () =>
      transport.run({ argv: ["sleep", "100"] }).catch((error: unknown) => error),
    );
    expect((await transport.run({ argv: ["echo", `${round}`] })).stdout).toBe(`${round}\n`);
    line.cut();
    for (const error of await Promise.all(running)) expect(error).toMatchObject({ code: "SSH_CONNECTION_LOST" });
  }
});

test("tells of a host key that changed meanwhile, without trying again", async () => {
  const { knownHosts } = server;
  let opened = 0;
  const openTold = async (): Promise<Transport> => {
    opened++;
    return openHopsOf({ hops: [makeHop(server, { identityFiles: [server.privateKeyPath] })] }, { knownHosts });
  };
  await using transport = await openLasting(openTold, { pauseSeconds: 0.01 });
  await server.replaceHostKey();
  await transport.run({ argv: ["true"] }).catch(() => {});
  await expect(transport.run({ argv: ["true"] })).rejects.toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
  expect(opened).toBeLessThanOrEqual(3);
});
