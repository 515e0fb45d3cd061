// A server that lets us in and opens no session for a command.
import { once } from "node:events";
import { join } from "node:path";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import * as z from "zod";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { makeSshKeyPair } from "../harness/ssh-key-pair.ts";
import { startSshServer } from "../harness/ssh-server.ts";
import { makeHop, openHopsOf } from "./hand-made-route.ts";

test("at MaxSessions sshd's words are told, and the connection lives on", async () => {
  await using folder = await startScratchFolder();
  const user = await ensureClusterUser();
  await using server = await startSshServer({ folder: join(folder.path, "sshd"), user, maxSessions: 1 });
  const hop = makeHop(server, { identityFiles: [server.privateKeyPath] });
  await using transport = await openHopsOf({ hops: [hop] }, { knownHosts: server.knownHosts });
  const { promise: stdin, resolve: end } = Promise.withResolvers<undefined>();
  const taken = transport.run({
    argv: ["cat"],
    stdin: (async function* wait() {
      yield Buffer.from("first");
      await stdin;
    })(),
  });
  await expect(transport.run({ argv: ["true"] })).rejects.toMatchObject({
    code: "SSH_COMMAND_FAILED",
    message: `${transport.description} opens no session: open failed`,
    hint: expect.stringContaining("MaxSessions"),
  });
  end(undefined);
  expect((await taken).stdout).toBe("first");
  expect((await transport.run({ argv: ["echo", "again"] })).stdout).toBe("again\n");
});

test("a session that is prohibited is asked for once", async () => {
  const keys = { host: await makeSshKeyPair(), client: await makeSshKeyPair() };
  const server = new ssh2.Server({ hostKeys: [keys.host.private] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (context) => context.accept());
    // As after no-more-sessions@openssh.com.
    Object.assign(client, { noMoreSessions: true });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const hop = makeHop({ user: "someone", host: "127.0.0.1", port });
  const known = { knownHosts: `[127.0.0.1]:${port} ${keys.host.public}\n`, privateKey: keys.client.private };
  await using transport = await openHopsOf({ hops: [hop] }, known);
  // Asking five times takes longer.
  await expect(transport.run({ argv: ["true"], deadlineSeconds: 1 })).rejects.toMatchObject({
    code: "SSH_COMMAND_FAILED",
    message: expect.stringContaining("opens no session"),
  });
  server.close();
});
