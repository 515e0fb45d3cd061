// SSH as a Transport: one connection, a channel a command. The host's key is always checked; there is no way round it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { RepxError } from "../model/errors.ts";
import type { Target } from "./config.ts";
import { readSshCredentials, type Credentials } from "./credentials.ts";
import { quoteShell } from "./quote.ts";
import type { RunRequest, Transport } from "./run-request.ts";
import { runOnChannel, startOnChannel, type RunningCommand } from "./ssh-channel.ts";
import { connectClient, type SshPlace } from "./ssh-connect.ts";

/** sshd serves 10 sessions a connection (MaxSessions) and frees an ended one late. */
const CHANNELS = 8;
const OPEN_ATTEMPTS = 5;
const CLOSE_SECONDS = 2;

/** Opens one SSH connection to a target with an address. */
export async function openSsh(
  target: Target & { readonly address: SshPlace },
  credentials: Credentials,
): Promise<Transport> {
  const place = target.address;
  const description = `${place.user}@${place.host}:${place.port}`;
  const { privateKey, knownHosts } = await readSshCredentials(target, credentials);
  const client = await connectClient(place, privateKey, knownHosts, credentials.deadlineSeconds ?? 30);
  const lost = watchLoss(client, description);
  // Nobody may be listening when the connection breaks between two commands.
  lost.catch(() => {});
  const slots = startSlots(CHANNELS);
  return {
    description,
    run: async (request) => {
      await Promise.race([slots.take(), lost]);
      try {
        const command = await Promise.race([openChannel(client, request, description), lost]);
        return await Promise.race([runOnChannel(command, request, description), lost]);
      } finally {
        slots.release();
      }
    },
    [Symbol.asyncDispose]: async () => closeClient(client),
  };
}

/** A promise that only ever rejects: when the connection breaks. */
async function watchLoss(client: Client, description: string): Promise<never> {
  return new Promise((_, reject) => {
    let cause: Error | undefined;
    client.on("error", (error) => {
      cause = error;
      reject(loseConnection(description, error));
    });
    client.once("close", () => reject(loseConnection(description, cause)));
  });
}

function loseConnection(description: string, cause: Error | undefined): RepxError {
  const why = cause === undefined ? "closed by the other side" : cause.message;
  return new RepxError("SSH_CONNECTION_LOST", `the connection to ${description} was lost: ${why}`, {
    hint: "Try again. If it happens again, look at the target's load and at the network between.",
    cause,
  });
}

async function openChannel(client: Client, request: RunRequest, description: string): Promise<RunningCommand> {
  for (let attempt = 1; ; attempt++) {
    const answer = await startOnChannel(client, quoteShell(request.argv));
    if (!(answer instanceof Error)) return answer;
    if (attempt === OPEN_ATTEMPTS) throw loseConnection(description, answer);
    await sleep(50 * 2 ** attempt);
  }
}

async function closeClient(client: Client): Promise<void> {
  const closed = new Promise<void>((resolve) => void client.once("close", () => resolve()));
  client.end();
  await Promise.race([closed, sleep(CLOSE_SECONDS * 1000, undefined, { ref: false })]);
  client.destroy();
}

/** Lets a number of holders in at once; the others wait in line. */
function startSlots(count: number): { take(): Promise<void>; release(): void } {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async take() {
      free--;
      if (free < 0) await new Promise<void>((resolve) => void waiting.push(resolve));
    },
    release() {
      free++;
      waiting.shift()?.();
    },
  };
}
