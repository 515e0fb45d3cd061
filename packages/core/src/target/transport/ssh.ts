// SSH as a Transport: one connection, a channel a command. The host's key is always checked; there is no way round it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { RepxError } from "../../model/errors.ts";
import type { Target } from "../config/config.ts";
import type { Credentials } from "../connection/credentials.ts";
import type { RunRequest, Transport } from "../command/run-request.ts";
import { endCommand, runOnChannel, startOnChannel, type RunningCommand } from "../channel/ssh-channel.ts";
import { startSshDeadline, type SshDeadline } from "../channel/ssh-deadline.ts";
import { closeHops, openHops, type RouteTarget } from "../connection/ssh-hops.ts";
import { quoteServer } from "../connection/ssh-failure.ts";
import { resolveRoute, type SshRoute } from "../route/ssh-route.ts";
import { startSlots, type Slots } from "../channel/ssh-slots.ts";

/** sshd serves 10 sessions a connection (MaxSessions) and frees an ended one late. */
const CHANNELS = 8;
const OPEN_ATTEMPTS = 5;
/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 section 5.1. */
const PROHIBITED = 1;

/** Opens the way to a target with an address: one SSH connection, through the jump hosts that the route has. */
export async function openSsh(target: Target, credentials: Credentials): Promise<Transport> {
  return openRoute(await resolveRoute(target, credentials.environment ?? {}), target, credentials);
}

/** Opens a route that is resolved. */
export async function openRoute(route: SshRoute, target: RouteTarget, credentials: Credentials): Promise<Transport> {
  const hops = await openHops(route, target, credentials);
  const [hop, last] = [route.hops.at(-1), hops.at(-1)];
  if (hop === undefined || last === undefined) throw new Error("a route has at least one hop");
  const description = `${hop.user}@${hop.host}:${hop.port}`;
  const { client } = last;
  const lost = Promise.race(hops.map(async (open) => watchLoss(open.client, open === last ? description : open.where)));
  // Nobody may be listening when the connection breaks between two commands.
  lost.catch(() => {});
  const slots = startSlots(CHANNELS);
  return {
    description,
    run: async (request) => {
      const deadline = startSshDeadline(request, description);
      const command = await openInSlot({ client, slots, lost, description }, request, deadline).finally(deadline.stop);
      try {
        return await Promise.race([runOnChannel(command, request, description, deadline.secondsLeft()), lost]);
      } finally {
        slots.release();
      }
    },
    [Symbol.asyncDispose]: async () => closeHops(hops),
  };
}

interface OpenConnection {
  readonly client: Client;
  readonly slots: Slots;
  readonly lost: Promise<never>;
  readonly description: string;
}

/** Waits for a slot and opens a channel in it; whoever got the command gives the slot back. */
async function openInSlot(
  { client, slots, lost, description }: OpenConnection,
  request: RunRequest,
  deadline: SshDeadline,
): Promise<RunningCommand> {
  await Promise.race([slots.take(deadline.signal), lost, deadline.passed]);
  const opening = openChannel(client, request, description, deadline.signal);
  try {
    return await Promise.race([opening, lost, deadline.passed]);
  } catch (error) {
    // The server may still open the channel: it counts until then, and its command is no longer wanted.
    void opening.then(endCommand).then(slots.release, slots.release);
    throw error;
  }
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

function describeNoSession(description: string, cause: Error): RepxError {
  const why = quoteServer(cause.message.replace("(SSH) Channel open failure: ", ""));
  return new RepxError("SSH_COMMAND_FAILED", `${description} opens no session: ${why}`, {
    hint: "The login itself went well. Ask the administrators there for MaxSessions 10 in sshd_config, and whether the user may run commands.",
    cause,
  });
}

async function openChannel(
  client: Client,
  request: RunRequest,
  description: string,
  signal: AbortSignal,
): Promise<RunningCommand> {
  for (let attempt = 1; ; attempt++) {
    const answer = await startOnChannel(client, request);
    if (!(answer instanceof Error)) return answer;
    const { reason } = answer;
    if (typeof reason !== "number") throw loseConnection(description, answer);
    // sshd says "connect failed" at MaxSessions too (session_open in serverloop.c); what is prohibited stays so.
    if (reason === PROHIBITED || attempt === OPEN_ATTEMPTS) throw describeNoSession(description, answer);
    await sleep(50 * 2 ** attempt, undefined, { signal });
  }
}
