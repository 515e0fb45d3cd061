import type { ExperimentRequest, NamedTarget } from "./experiment.ts";
import type { Target } from "./target/config/config.ts";
import { openLasting } from "./target/transport/lasting.ts";
import { openTransport, type Credentials, type Transport } from "./target/transport/transport.ts";

/** Opens the way to a request's target; one that was given stays open when this one is closed. */
export async function connect(
  request: Pick<ExperimentRequest, "target" | "process">,
  target: Target,
): Promise<Transport> {
  if ("open" in request.target) {
    const given = await request.target.open();
    return {
      description: given.description,
      run: async (command) => given.run(command),
      [Symbol.asyncDispose]: keepOpen,
    };
  }
  const credentials = readCredentials(request.target, request.process.environment);
  // A connection that is lost while files travel is opened again, and only what did not arrive is sent.
  return openLasting(async () => openTransport(target, credentials));
}

/** What proves to the target who we are, and to us which host it is. */
function readCredentials(
  { privateKey, passphrase, knownHosts }: NamedTarget,
  environment: Readonly<Record<string, string>>,
): Credentials {
  return {
    knownHosts: knownHosts ?? "",
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    environment,
  };
}

/** Whoever opened it closes it. */
async function keepOpen(): Promise<void> {}
