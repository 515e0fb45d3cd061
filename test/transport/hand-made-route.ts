// Routes made by hand, so that no ssh_config of the machine has a say.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Credentials } from "../../packages/core/src/target/connection/credentials.ts";
import { openRoute } from "../../packages/core/src/target/transport/ssh.ts";
import type { SshHop, SshRoute } from "../../packages/core/src/target/route/ssh-route.ts";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import { RepxError } from "../../packages/core/src/model/errors.ts";
import { runCommand, SYSTEM_PATH } from "../harness/command.ts";
import type { SshServer } from "../harness/ssh-server.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** A hop to a server, with no keys and no known_hosts files unless the change names them. */
export function makeHop(server: Pick<SshServer, "user" | "host" | "port">, change: Partial<SshHop> = {}): SshHop {
  return {
    user: server.user,
    host: server.host,
    port: server.port,
    identityFiles: [],
    certificateFiles: [],
    identitiesOnly: false,
    knownHostsFiles: [],
    isStrict: false,
    ...change,
  };
}

/** Opens a route; the target has the name that errors tell. */
export async function openHopsOf(route: SshRoute, credentials: Partial<Credentials> = {}): Promise<Transport> {
  return openRoute(route, { name: "cluster" }, { knownHosts: "", deadlineSeconds: 20, ...credentials });
}

/** The RepxError that opening ends with. */
export async function expectRefusal(route: SshRoute, credentials: Partial<Credentials> = {}): Promise<RepxError> {
  const error: unknown = await openHopsOf(route, credentials).then(
    async (transport) => transport[Symbol.asyncDispose](),
    (caught: unknown) => caught,
  );
  if (!(error instanceof RepxError)) throw new Error(`no RepxError: ${String(error)}`);
  return error;
}

/** What a command says over a route. */
export async function echoOver(route: SshRoute, credentials: Partial<Credentials> = {}): Promise<string> {
  await using transport = await openHopsOf(route, credentials);
  return (await transport.run({ argv: ["sh", "-c", "echo in as $(id -un)"] })).stdout;
}

export interface Agent extends AsyncDisposable {
  readonly socket: string;
  add(path: string): Promise<void>;
  empty(): Promise<void>;
}

/** Starts ssh-agent with its socket in a folder. */
export async function startAgent(folder: string): Promise<Agent> {
  const socket = join(folder, "agent.sock");
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore", env: { PATH: SYSTEM_PATH } });
  const environment = { SSH_AUTH_SOCK: socket };
  await waitUntil({ what: "ssh-agent", timeoutSeconds: 10 }, async () =>
    runCommand(["sh", "-c", "ssh-add -l || test $? = 1"], { environment }).then(
      () => true,
      () => false,
    ),
  );
  return {
    socket,
    add: async (path) => void (await runCommand(["ssh-add", "-q", path], { environment })),
    empty: async () => void (await runCommand(["ssh-add", "-q", "-D"], { environment })),
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
