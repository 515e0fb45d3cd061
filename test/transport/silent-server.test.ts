// A server that takes a request and does not answer it: sshd does not do so, an overloaded or a foreign one may.
import { once } from "node:events";
import ssh2, { type Session } from "ssh2";
import { expect, test } from "vitest";
import * as z from "zod";
import { RepxError } from "../../packages/core/src/model/errors.ts";
import { openTransport, type Transport } from "../../packages/core/src/target/transport/transport.ts";
import { makeSshKeyPair } from "../harness/ssh-key-pair.ts";
import { waitUntil } from "../harness/wait-until.ts";

type Step = "the channel" | "the command";

interface SilentServer extends AsyncDisposable {
  /** Requests that wait for an answer. */
  readonly waiting: readonly (() => void)[];
  /** Commands whose channels the client has closed. */
  readonly closed: readonly string[];
  open(): Promise<Transport>;
  /** Answers what has waited; from then on every command ends at once, save `cat`, which runs on. */
  speak(): void;
}

/** Starts a server that lets everybody in and does not answer one step of starting a command. */
async function startSilentServer(step: Step): Promise<SilentServer> {
  const keys = { host: await makeSshKeyPair(), client: await makeSshKeyPair() };
  const waiting: (() => void)[] = [];
  const closed: string[] = [];
  const state = { isSilent: true };
  const meet = (at: Step, answer: () => void): void => {
    if (state.isSilent && at === step) waiting.push(answer);
    else answer();
  };
  const serve = (session: Session): void => {
    session.on("exec", (accept, _reject, { command }) =>
      meet("the command", () => {
        const channel = accept();
        channel.on("close", () => void closed.push(command)).resume();
        if (command.includes("cat")) return;
        channel.write(`${(/'(\w+)' '(\w+)'$/.exec(command) ?? []).slice(1).join("")}\n`);
        channel.exit(0);
        channel.end();
      }),
    );
  };
  const server = new ssh2.Server({ hostKeys: [keys.host.private] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (context) => context.accept());
    client.on("session", (accept) => meet("the channel", () => serve(accept())));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    waiting,
    closed,
    open: async () => {
      const address = { user: "someone", host: "127.0.0.1", port };
      const knownHosts = `[127.0.0.1]:${port} ${keys.host.public}\n`;
      const target = { name: "silent", address, basePath: "/tmp/x", scheduler: "slurm" } as const;
      return openTransport(target, { privateKey: keys.client.private, knownHosts, deadlineSeconds: 10 });
    },
    speak: () => {
      state.isSilent = false;
      for (const answer of waiting.splice(0)) answer();
    },
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

test.each<Step>(["the channel", "the command"])(
  "I-40: gives up at the deadline with SSH_TIMEOUT when the server does not answer for %s",
  async (step) => {
    await using server = await startSilentServer(step);
    await using transport = await server.open();
    const running = transport.run({ argv: ["true"], deadlineSeconds: 0.3 });
    await expect(running).rejects.toMatchObject({
      code: "SSH_TIMEOUT",
      message: `\`true\` on ${transport.description} was not started within 0.3 seconds`,
    });
  },
  10_000,
);

test("gives up at the deadline with SSH_TIMEOUT when every channel is taken", async () => {
  await using server = await startSilentServer("the command");
  await using transport = await server.open();
  const taken = Array.from({ length: 8 }, async () => transport.run({ argv: ["true"], deadlineSeconds: 10 }));
  await waitUntil({ what: "eight requests", timeoutSeconds: 5 }, async () => server.waiting.length === 8);
  await expect(transport.run({ argv: ["true"], deadlineSeconds: 0.2 })).rejects.toMatchObject({ code: "SSH_TIMEOUT" });
  expect(server.waiting).toHaveLength(8);
  server.speak();
  expect((await Promise.all(taken)).map((output) => output.exitCode)).toEqual(taken.map(() => 0));
}, 10_000);

test("ends a command that was started too late, and serves others in its place", async () => {
  await using server = await startSilentServer("the command");
  await using transport = await server.open();
  const runLate = async () => transport.run({ argv: ["cat"], deadlineSeconds: 0.2 });
  // Eight are asked of the server, and as many wait in line for them.
  const outcomes = await Promise.allSettled(Array.from({ length: 16 }, runLate));
  expect(outcomes).toEqual(outcomes.map(() => ({ status: "rejected", reason: expect.any(RepxError) })));
  server.speak();
  expect(await transport.run({ argv: ["true"], deadlineSeconds: 10 })).toMatchObject({ exitCode: 0 });
  const isClosed = async () => server.closed.filter((command) => command.includes("cat")).length === 8;
  await waitUntil({ what: "the late channels to close", timeoutSeconds: 10 }, isClosed);
}, 25_000);
