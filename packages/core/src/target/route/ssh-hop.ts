import { join, resolve } from "node:path";
import { RepxError } from "../../model/errors.ts";
import type { Target } from "../config/config.ts";
import { readUserNumber } from "../config/local-user.ts";
import type { NamedHost } from "../config/named-host.ts";
import type { SshConfigFile, SshSettings } from "./ssh-config.ts";
import { expandPath, type PathContext, type Said } from "./ssh-tokens.ts";

/** One SSH server on the way, with all that is needed to log in to it. */
export interface SshHop {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** HostKeyAlias: known_hosts is asked for it alone, in place of host and port. */
  readonly alias?: string;
  /** Absolute paths of private keys, in the order in which they are tried; of named ones any may not be there. */
  readonly identityFiles: readonly string[];
  /** Absolute paths of certificates, beside those that lie beside identity files. */
  readonly certificateFiles: readonly string[];
  /** Whether keys of the agent that are not among the identity files stay out. */
  readonly identitiesOnly: boolean;
  /** Absolute paths, of which any may not be there. */
  readonly knownHostsFiles: readonly string[];
  /** The one of them where a key is written down that a person accepts: never one of the machine's. */
  readonly newHostsFile?: string;
  /** A file of keys that no host may have. */
  readonly revokedKeysFile?: string;
  /** Absolute path of the agent's socket. */
  readonly agentSocket?: string;
  /** Whether accepting an unknown host key on first use is forbidden too. */
  readonly isStrict: boolean;
}

/** What the way depends on beside the target. */
export interface RouteContext {
  /** The user's ssh_config, then the machine's. */
  readonly files: readonly SshConfigFile[];
  readonly home: string;
  readonly localUser: string;
  readonly localHost: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly isThere: (path: string) => boolean;
}

const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];
const GLOBAL_KNOWN_HOSTS = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

interface HopRequest {
  /** The host as it was named. */
  readonly place: NamedHost;
  readonly settings: SshSettings;
  readonly context: RouteContext;
  readonly table: Pick<Target, "identityFile" | "knownHosts">;
  /** Jump hosts have keys and host keys of their own; the table's are for them too. */
  readonly isTarget: boolean;
}

/** Reads how to log in to one host. */
export function readHop({ place, settings, context, table, isTarget }: HopRequest): SshHop {
  const host = readHost(settings, place);
  const user = place.user ?? readUser(settings) ?? context.localUser;
  const port = place.port ?? readPort(settings) ?? 22;
  const alias = settings.first.get("hostkeyalias")?.[0]?.value.toLowerCase();
  const paths = makePathContext({ host, user, port }, place.host, alias, context);
  const identityFiles = chooseIdentities(readIdentities(settings, paths), table.identityFile, isTarget, context);
  const agentSocket = readAgentSocket(settings, paths);
  return {
    user,
    host,
    port,
    ...(alias === undefined ? {} : { alias }),
    identityFiles,
    certificateFiles: expandAll(settings.certificateFiles, "CertificateFile", paths),
    identitiesOnly: readSwitch(settings, "IdentitiesOnly"),
    ...chooseKnownHosts(readKnownHosts(settings, paths), table.knownHosts, isTarget),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...readRevokedKeysFile(settings, paths),
    isStrict: readStrictness(settings),
  };
}

/** IdentityAgent, else SSH_AUTH_SOCK. */
function readAgentSocket({ first }: SshSettings, paths: PathContext): string | undefined {
  const [said] = first.get("identityagent") ?? [];
  const read = (name: string): string | undefined => {
    const path = paths.environment[name] ?? "";
    return path === "" ? undefined : resolve(path);
  };
  if (said === undefined || said.value === "SSH_AUTH_SOCK") return read("SSH_AUTH_SOCK");
  if (said.value.toLowerCase() === "none") return undefined;
  if (/^\$\w+$/.test(said.value)) return read(said.value.slice(1));
  return expandPath(said, "IdentityAgent", paths);
}

/** `none` among the keys that ssh_config names stands for no key, and shuts out the usual ones. */
function readIdentities({ identityFiles }: SshSettings, paths: PathContext): readonly string[] | undefined {
  return identityFiles.length === 0 ? undefined : expandAll(identityFiles, "IdentityFile", paths);
}

function chooseIdentities(
  named: readonly string[] | undefined,
  given: string | undefined,
  isTarget: boolean,
  { home, isThere }: RouteContext,
): readonly string[] {
  if (isTarget && given !== undefined) return [given];
  if (named !== undefined) return named;
  const usual = DEFAULT_KEYS.map((name) => join(home, ".ssh", name)).filter(isThere);
  return [...new Set([...(given === undefined ? [] : [given]), ...usual])];
}

interface OwnKnownHosts {
  readonly user: readonly string[];
  readonly global: readonly string[];
}

function chooseKnownHosts(
  own: OwnKnownHosts,
  given: string | undefined,
  isTarget: boolean,
): Pick<SshHop, "knownHostsFiles" | "newHostsFile"> {
  if (isTarget && given !== undefined) return { knownHostsFiles: [given], newHostsFile: given };
  const mine = [...(given === undefined ? [] : [given]), ...own.user];
  const [first] = mine;
  return { knownHostsFiles: [...mine, ...own.global], ...(first === undefined ? {} : { newHostsFile: first }) };
}

function readKnownHosts({ first }: SshSettings, paths: PathContext): OwnKnownHosts {
  const folder = join(paths.home, ".ssh");
  const user = first.get("userknownhostsfile");
  const global = first.get("globalknownhostsfile");
  return {
    user:
      user === undefined
        ? [join(folder, "known_hosts"), join(folder, "known_hosts2")]
        : expandAll(user, "UserKnownHostsFile", paths),
    global: global === undefined ? GLOBAL_KNOWN_HOSTS : expandAll(global, "GlobalKnownHostsFile", paths),
  };
}

function readRevokedKeysFile({ first }: SshSettings, paths: PathContext): Pick<SshHop, "revokedKeysFile"> {
  const [path] = expandAll(first.get("revokedhostkeys") ?? [], "RevokedHostKeys", paths);
  return path === undefined ? {} : { revokedKeysFile: path };
}

function expandAll(said: readonly Said[], keyword: string, paths: PathContext): string[] {
  return said.filter(({ value }) => value.toLowerCase() !== "none").map((word) => expandPath(word, keyword, paths));
}

function makePathContext(
  { host, user, port }: Pick<SshHop, "host" | "user" | "port">,
  name: string,
  alias: string | undefined,
  { home, localUser, localHost, environment }: RouteContext,
): PathContext {
  const tokens = {
    d: home,
    h: host,
    i: String(readUserNumber()),
    k: alias ?? name,
    L: localHost.replace(/\..*$/, ""),
    l: localHost,
    n: name,
    p: String(port),
    r: user,
    u: localUser,
  };
  return { home, tokens, environment };
}

function readHost({ host, first }: SshSettings, place: NamedHost): string {
  // With a scope, `fe80::1%eth0`; nothing begins with a dash.
  if (/^(?:[a-z0-9_][a-z0-9._-]*|[0-9a-f:.]+(?:%[\w.-]+)?)$/.test(host)) return host;
  throw refuse(
    first.get("hostname")?.[0] ?? { value: host, source: place.host },
    "HostName",
    "Write a name or an address.",
  );
}

function readUser({ first }: SshSettings): string | undefined {
  const [said] = first.get("user") ?? [];
  if (said === undefined || /^[^-\s\p{Cc}][^\s\p{Cc}]*$/u.test(said.value)) return said?.value;
  throw refuse(said, "User", "Write the name of the user there.");
}

function readPort({ first }: SshSettings): number | undefined {
  const [said] = first.get("port") ?? [];
  if (said === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(said.value) && Number(said.value) <= 65_535) return Number(said.value);
  throw refuse(said, "Port", "Write a number from 1 to 65535.");
}

function readSwitch({ first }: SshSettings, keyword: string): boolean {
  const [said] = first.get(keyword.toLowerCase()) ?? [];
  if (said === undefined || /^(?:no|false)$/i.test(said.value)) return false;
  if (/^(?:yes|true)$/i.test(said.value)) return true;
  throw refuse(said, keyword, "Write yes or no.");
}

/** What would make ssh less careful changes nothing: keys are checked anyway. */
function readStrictness({ first }: SshSettings): boolean {
  const [said] = first.get("stricthostkeychecking") ?? [];
  if (said === undefined || /^(?:no|false|off|ask|accept-new)$/i.test(said.value)) return false;
  if (/^(?:yes|true)$/i.test(said.value)) return true;
  throw refuse(said, "StrictHostKeyChecking", "Write yes, accept-new, ask or no.");
}

function refuse({ value, source }: Said, keyword: string, hint: string): RepxError {
  return new RepxError("CONFIG_INVALID", `${source}: ${keyword} is ${JSON.stringify(value)}`, { hint });
}
