// The whole way: a connection to the first hop, and through each one the connection to the next.
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { startConnectDeadline, type ConnectDeadline } from "./connect-deadline.ts";
import type { Credentials } from "./credentials.ts";
import { openHostKeyCheck } from "./host-key-check.ts";
import { startPassphrases } from "../key/passphrases.ts";
import { connectClient } from "./ssh-connect.ts";
import { describeClosed, describeLateLogin, describeNoKey, describeNoWay, nameHop } from "./ssh-failure.ts";
import { collectKeys, type KeySources } from "./ssh-keys.ts";
import type { SshHop, SshRoute } from "../route/ssh-route.ts";
import { gatherWrites, joinPieces, openSocket } from "./ssh-socket.ts";

/** What is pending at the end is given this long to leave. */
const CLOSE_SECONDS = 2;

/** An open hop. */
export interface OpenHop {
  /** The hop's name in errors. */
  readonly where: string;
  readonly client: Client;
  readonly socket: Duplex;
  /** Settles when the connection has ended, however that came. */
  readonly closed: Promise<unknown>;
}

/** What the way needs to know of the target. */
export interface RouteTarget {
  readonly name: string;
  readonly identityFile?: string;
}

interface Travel {
  readonly route: SshRoute;
  readonly target: RouteTarget;
  readonly credentials: Credentials;
  readonly sources: KeySources;
  readonly deadline: ConnectDeadline;
  /** Notes where we are and what we wait for. */
  readonly note: (where: string, hop: SshHop, step: string) => void;
}

/** Opens every hop in turn, within one deadline; when one fails, those before it are closed. */
export async function openHops(route: SshRoute, target: RouteTarget, credentials: Credentials): Promise<OpenHop[]> {
  const seconds = credentials.deadlineSeconds ?? 30;
  let late: (() => Error) | undefined;
  const deadline = startConnectDeadline(seconds, () => late?.() ?? new Error("nothing was begun"));
  const { askPassphrase } = credentials;
  const ask =
    askPassphrase === undefined
      ? undefined
      : async (what: string) => deadline.pauseFor(async (signal) => askPassphrase(what, signal));
  const travel: Travel = {
    route,
    target,
    credentials,
    deadline,
    sources: {
      credentials,
      passphrases: startPassphrases(credentials.passphrase, ask, deadline.signal),
      signal: deadline.signal,
      ...(target.identityFile === undefined ? {} : { namedIdentityFile: target.identityFile }),
    },
    note: (where, hop, step) => {
      late = () => describeLateLogin(where, hop, step, seconds);
    },
  };
  const open: OpenHop[] = [];
  try {
    for (const index of route.hops.keys()) open.push(await openHop(travel, index, open.at(-1)));
    return open;
  } catch (error) {
    await closeHops(open);
    throw error;
  } finally {
    deadline.stop();
  }
}

/** Takes leave of each hop, the last one first, and closes; what was written before still leaves. */
export async function closeHops(hops: readonly OpenHop[]): Promise<void> {
  for (const { client, socket, closed } of hops.toReversed()) {
    const isWritten = socket.writableFinished || socket.destroyed;
    const written = isWritten ? Promise.resolve() : once(socket, "finish");
    // An error means that nothing more can leave.
    const settled = written.catch(() => {});
    client.end();
    await Promise.race([settled, closed, sleep(CLOSE_SECONDS * 1000, undefined, { ref: false })]);
  }
  // The server's answer to our leave is not waited for.
  for (const { socket } of hops.toReversed()) socket.destroy();
}

async function openHop(travel: Travel, index: number, previous: OpenHop | undefined): Promise<OpenHop> {
  const { route, deadline, credentials } = travel;
  const hop = route.hops[index];
  if (hop === undefined) throw new Error(`there is no hop ${index}`);
  const where = nameHop(hop, index, route.hops.length);
  travel.note(where, hop, "it did not answer");
  const lost = previous === undefined ? [] : [waitForLoss(previous, where)];
  const collecting = collectKeys(hop, index === route.hops.length - 1, travel.sources);
  const keys = await Promise.race([collecting, deadline.passed, ...lost]);
  if (keys.keys.length === 0) throw describeNoKey(`${hop.user}@${where}`, travel.target.name, keys.problems);
  const opening = openHostKeyCheck(hop, where, credentials, deadline);
  const hostKey = await Promise.race([opening, deadline.passed]);
  const socket = await openWay(hop, where, previous, deadline);
  travel.note(where, hop, "it took the connection and did not exchange keys");
  const onLogin = (): void => travel.note(where, hop, "it did not answer the login");
  try {
    const client = await connectClient({ hop, where, socket, hostKey, keys, deadline, onLogin });
    const closed = new Promise<void>((resolve) => void client.once("close", () => resolve()));
    return { where, socket, client, closed };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A promise that only ever rejects: when the connection to a jump host ends, which may be while a person is asked. */
function waitForLoss({ closed, where: jump }: OpenHop, where: string): Promise<never> {
  const lost = closed.then(() => {
    throw describeNoWay(jump, where, new Error("the connection to it was lost"));
  });
  // It ends at last in any case.
  lost.catch(() => {});
  return lost;
}

async function openWay(
  hop: SshHop,
  where: string,
  previous: OpenHop | undefined,
  deadline: ConnectDeadline,
): Promise<Duplex> {
  if (previous !== undefined) return Promise.race([forward(hop, where, previous), deadline.passed]);
  const opening = openSocket({ host: hop.host, port: hop.port }, deadline.signal).catch((error: unknown) => {
    throw describeClosed(where, hop, error instanceof Error ? error : new Error(String(error)));
  });
  return Promise.race([opening, deadline.passed]);
}

async function forward(hop: SshHop, where: string, { client, where: jump }: OpenHop): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(describeNoWay(jump, where, error));
    client.once("close", () => fail(new Error("the connection to it was lost")));
    try {
      client.forwardOut("127.0.0.1", 0, hop.host, hop.port, (error, channel) => {
        if (error !== undefined) return fail(error);
        // The next hop has hung up: nothing can come any more, and only a socket would close by itself.
        channel.once("end", () => void channel.destroy());
        joinPieces(channel);
        gatherWrites(channel);
        resolve(channel);
      });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
