// That much data arrives as it was sent: by a socket of our own, with ssh2's ciphers quickened, over new keys.
import { createHash, KeyObject, randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { openSsh } from "../../packages/core/src/target/transport/ssh.ts";
import { readField } from "../../packages/core/src/target/wire/read-field.ts";
import { closeHops, openHops, type OpenHop } from "../../packages/core/src/target/connection/ssh-hops.ts";
import { runOnChannel, startOnChannel } from "../../packages/core/src/target/channel/ssh-channel.ts";
import type { Output, RunRequest } from "../../packages/core/src/target/command/run-request.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { makeSshKeyPair } from "../harness/ssh-key-pair.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { makeHop } from "./hand-made-route.ts";

const MIB = 1024 * 1024;
let folder: ScratchFolder;

beforeAll(async () => {
  folder = await startScratchFolder();
});

afterAll(async () => folder[Symbol.asyncDispose]());

async function startServer(name: string, extraConf: string): Promise<SshServer> {
  return startSshServer({ folder: join(folder.path, name), user: await ensureClusterUser(), extraConf });
}

async function openHop(server: SshServer): Promise<OpenHop> {
  const hop = makeHop(server, { identityFiles: [server.privateKeyPath] });
  const [open] = await openHops({ hops: [hop] }, { name: "bulk" }, { knownHosts: server.knownHosts });
  if (open === undefined) throw new Error("no hop");
  return open;
}

async function run({ client }: OpenHop, request: RunRequest): Promise<Output> {
  const command = await startOnChannel(client, request);
  if (command instanceof Error) throw command;
  return runOnChannel(command, request, "bulk", 60);
}

/** ssh2's ciphers, whose insides its types do not tell. */
function readKeys({ client }: OpenHop): readonly unknown[] {
  const protocol = readField(client, "_protocol");
  return [
    readField(readField(protocol, "_cipher"), "_encKey"),
    readField(readField(protocol, "_decipher"), "_decipherKey"),
  ];
}

describe.each(["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "chacha20-poly1305@openssh.com"])(
  "with %s",
  (cipher) => {
    test("data arrive unchanged in both directions, also over new keys", async () => {
      await using server = await startServer(cipher.slice(0, 8), `Ciphers ${cipher}\nRekeyLimit 8M\n`);
      const hop = await openHop(server);
      let exchanges = 0;
      hop.client.on("handshake", () => exchanges++);
      const bytes = randomBytes(40 * MIB);
      const hash = createHash("sha256").update(bytes).digest("hex");
      async function* inPieces(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
      }
      expect((await run(hop, { argv: ["sha256sum"], stdin: inPieces() })).stdout).toContain(hash);
      expect(exchanges).toBeGreaterThan(2);
      const received = createHash("sha256");
      const onStdout = (chunk: Uint8Array): void => void received.update(chunk);
      await Promise.all([
        run(hop, { argv: ["cat"], stdin: inPieces(), onStdout }),
        run(hop, { argv: ["sha256sum"], stdin: bytes }).then((output) => expect(output.stdout).toContain(hash)),
      ]);
      expect(received.digest("hex")).toBe(hash);
      const isQuickened = readKeys(hop).map((key) => key instanceof KeyObject);
      expect(isQuickened).toEqual(cipher.includes("gcm") ? [true, true] : [false, false]);
      await closeHops([hop]);
    });
  },
);

test("what was written before closing still arrives", async () => {
  const keys = { host: await makeSshKeyPair(), client: await makeSshKeyPair() };
  const received = { bytes: 0 };
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const server = new ssh2.Server({ hostKeys: [keys.host.private] }, (client) => {
    client.on("error", () => {}).on("close", end);
    client.on("authentication", (context) => context.accept());
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec) => {
        acceptExec().on("data", (chunk: Buffer) => (received.bytes += chunk.length));
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const hop = makeHop({ user: "someone", host: "127.0.0.1", port });
  const knownHosts = `[127.0.0.1]:${port} ${keys.host.public}\n`;
  const hops = await openHops({ hops: [hop] }, { name: "t" }, { knownHosts, privateKey: keys.client.private });
  const client = hops[0]?.client;
  client?.exec("take", (_error, channel) => {
    channel.end(Buffer.alloc(900_000, "x"));
    void closeHops(hops);
  });
  await ended;
  expect(received.bytes).toBe(900_000);
  server.close();
});

test("an address of version 6 is reached too", async () => {
  await using server = await startServer("six", "ListenAddress ::1\n");
  const hop = makeHop({ ...server, host: "127.0.0.1" }, { host: "::1", identityFiles: [server.privateKeyPath] });
  const knownHosts = server.knownHosts.replace("[127.0.0.1]", "[::1]");
  const hops = await openHops({ hops: [hop] }, { name: "six" }, { knownHosts });
  expect(hops).toHaveLength(1);
  await closeHops(hops);
});

test("a target without an address is a mistake of ours", async () => {
  const target = { name: "here", basePath: "/x", scheduler: "local" } as const;
  await expect(openSsh(target, { knownHosts: "", environment: { HOME: folder.path } })).rejects.toThrow(TypeError);
});
