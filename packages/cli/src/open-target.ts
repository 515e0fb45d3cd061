// The way to a target for commands that do something there. What brings SSH along is loaded here and not before: it takes
// longer than most commands run.
import { basename, resolve } from "node:path";
import type { Credentials, Target, Transport } from "@repx/core/target";
import { RepxError } from "@repx/core/model";
import { askPerson, askSecret, canAskPerson } from "./ask-person.ts";
import type { CommandCall, Flag } from "./command.ts";
import { isPath } from "./read-target.ts";

const ACCEPT = "accept-new-host-key";

/** The flags of every command that goes to a target. */
export const CONNECT_FLAGS = {
  target: {
    value: "NAME|PATH",
    kind: "folder",
    summary: "a target of config.toml, or a base path on this machine; else submission_target, or the only target",
  },
  [ACCEPT]: {
    summary: "ask on the terminal whether an unknown host's key is right, and remember it; never for a changed key",
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** A target, and where it was found. */
export interface FoundTarget {
  readonly target: Target;
  /** The config files that were read, or how it was named. */
  readonly source: string;
}

/** A target with the open way to it. */
export interface OpenedTarget extends FoundTarget, AsyncDisposable {
  readonly transport: Transport;
  /** How long opening took, with the time in which a person was asked. */
  readonly seconds: number;
}

/** A target as every command tells it to programs. */
export interface DescribedTarget {
  readonly name: string;
  /** `user@host:port` or `this machine`; null where nobody came there. */
  readonly where: string | null;
  readonly basePath: string;
}

/** Describes a target, and where it is once the way there is open. */
export function describeTarget(
  { target }: Pick<FoundTarget, "target">,
  transport: Transport | undefined,
): DescribedTarget {
  return { name: target.name, where: transport?.description ?? null, basePath: target.basePath };
}

type Call = Pick<CommandCall, "text" | "isSet" | "cwd" | "environment" | "screen">;

/** Opens a target, or the one that a command line names; a connection that is lost is opened again by the next command. */
export async function openTarget(call: Call, given?: FoundTarget): Promise<OpenedTarget> {
  const found = given ?? (await findTarget(call));
  return { ...found, ...(await connectTarget(call, found.target)) };
}

/** Finds the target that a command line names: by `--target`, else by what the config files choose. */
export async function findTarget(call: Call): Promise<FoundTarget> {
  const given = call.text("target");
  const { chooseTarget, normalizeTargetPath, readConfig } = await import("@repx/core/target");
  if (given !== undefined && isPath(given)) {
    const refuse = (hint: string): RepxError =>
      new RepxError("INPUT_INVALID", `--target is ${JSON.stringify(given)}`, { hint });
    const basePath = normalizeTargetPath(resolve(call.cwd, given), refuse);
    return {
      target: { name: basename(basePath) || "local", basePath, scheduler: "local" },
      source: "the command line",
    };
  }
  const config = await readConfig({ cwd: call.cwd, environment: call.environment });
  return { target: chooseTarget(config, given), source: config.source };
}

/** Connects to a target, asking for what a person has to give. */
export async function connectTarget(call: Call, target: Target): Promise<Omit<OpenedTarget, keyof FoundTarget>> {
  const { openLasting, openTransport } = await import("@repx/core/target");
  const credentials = makeCredentials(call);
  const startedMs = performance.now();
  if (target.address !== undefined) call.screen.showBar(`connecting to ${target.address.host}`);
  let isFirst = true;
  const transport = await openLasting(async () => {
    const given = isFirst ? credentials.forFirst : credentials.forLater;
    isFirst = false;
    return openTransport(target, given);
  });
  call.screen.showBar("");
  const seconds = (performance.now() - startedMs) / 1000;
  return { transport, seconds, [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose]() };
}

/** A person is asked at first alone: later ones get the answers of then. */
function makeCredentials({ isSet, environment, screen }: Call): { forFirst: Credentials; forLater: Credentials } {
  const forLater = { knownHosts: "", environment };
  if (!canAskPerson(screen)) {
    return { forFirst: { ...forLater, ...(isSet(ACCEPT) ? { acceptHostKey: refuseHostKey } : {}) }, forLater };
  }
  const answers = new Map<string, string | undefined>();
  const askPassphrase = async (what: string, signal: AbortSignal): Promise<string | undefined> => {
    screen.showBar("");
    const answer = await askSecret(`Passphrase of ${what}: `, signal);
    answers.set(what, answer);
    return answer;
  };
  return {
    forFirst: { ...forLater, askPassphrase, ...(isSet(ACCEPT) ? { acceptHostKey: askHostKey(screen) } : {}) },
    forLater: { ...forLater, askPassphrase: async (what) => answers.get(what) },
  };
}

function askHostKey(screen: Call["screen"]): NonNullable<Credentials["acceptHostKey"]> {
  return async ({ host, type, fingerprint }, signal) => {
    screen.showBar("");
    screen.note(`Nothing is known of ${host}. It offers this key, whose fingerprint its administrators can tell:`);
    screen.note(`  ${type} ${fingerprint}`);
    return (await askPerson("Is it the host's? Write yes to remember it: ", signal))?.trim() === "yes";
  };
}

const refuseHostKey: NonNullable<Credentials["acceptHostKey"]> = async ({ host, fingerprint, line }) => {
  throw new RepxError("INPUT_INVALID", `--${ACCEPT} needs a person at a terminal, for the key of ${host}`, {
    hint: `If ${fingerprint} is the host's fingerprint, add this line to known_hosts: ${line}`,
  });
};
