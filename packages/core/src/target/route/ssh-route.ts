// Where SSH goes, and by which hops: what config.toml says of a target, and ssh_config where that says nothing.
// ssh_config never makes a host key pass unchecked, and nothing that it names is run.
import { existsSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { RepxError } from "../../model/errors.ts";
import type { Target } from "../config/config.ts";
import { readLocalUser } from "../config/local-user.ts";
import { parseJumpHosts, type NamedHost } from "../config/named-host.ts";
import { resolveSshConfig, type SshSettings } from "./ssh-config.ts";
import { readSshConfig } from "./ssh-config-file.ts";
import { readHop, type RouteContext, type SshHop } from "./ssh-hop.ts";
import { expandTokens } from "./ssh-tokens.ts";

export type { RouteContext, SshHop } from "./ssh-hop.ts";

/** The way to a target. */
export interface SshRoute {
  /** Jump hosts in order, then the target. */
  readonly hops: readonly SshHop[];
}

/** OpenSSH has no limit but its own processes. */
const MAX_HOPS = 16;

/** Resolves where SSH goes for a target and by which hops, from the target's table and ssh_config. */
export async function resolveRoute(target: Target, environment: Readonly<Record<string, string>>): Promise<SshRoute> {
  const home = environment["HOME"] || homedir();
  return planRoute(target, {
    files: await readSshConfig(home),
    home,
    localUser: readLocalUser(),
    localHost: hostname(),
    environment,
    isThere: existsSync,
  });
}

/** Plans the way to a target on what was read. */
export function planRoute(target: Target, context: RouteContext): SshRoute {
  if (target.address === undefined) throw new TypeError(`target ${target.name} is this machine: no way leads there`);
  const { user, host, port } = target.address;
  const open = target.undecided ?? [];
  const place = { host, ...(open.includes("user") ? {} : { user }), ...(open.includes("port") ? {} : { port }) };
  const settings = readSettings(place, context);
  const hop = readHop({ place, settings, context, table: target, isTarget: true });
  const trail = [describe(hop)];
  const jumps = target.proxyJump ?? readJumps(settings, place, hop);
  const hops = [...planJumps(jumps, target, trail, context), hop];
  if (hops.length > MAX_HOPS) throw refuseLong(hops.map(describe), target);
  return { hops };
}

/** As with `ssh -J a,b`: what ssh_config says of the way counts for the first of them alone. */
function planJumps(
  jumps: readonly NamedHost[],
  target: Target,
  trail: readonly string[],
  context: RouteContext,
): SshHop[] {
  return jumps.flatMap((place, index) => {
    const settings = readSettings(place, context);
    const hop = readHop({ place, settings, context, table: target, isTarget: false });
    const longer = [...trail, describe(hop)];
    if (trail.includes(describe(hop))) throw refuseLoop(longer, target);
    if (longer.length > MAX_HOPS) throw refuseLong(longer.toReversed(), target);
    if (index > 0) return [hop];
    return [...planJumps(readJumps(settings, place, hop), target, longer, context), hop];
  });
}

function readSettings({ host, user }: NamedHost, { files, localUser }: RouteContext): SshSettings {
  return resolveSshConfig(files, { host, ...(user === undefined ? {} : { user }), localUser });
}

function readJumps({ proxy }: SshSettings, { host }: NamedHost, hop: SshHop): readonly NamedHost[] {
  if (proxy === undefined || proxy.value.toLowerCase() === "none") return [];
  const { value, source, keyword } = proxy;
  if (keyword === "proxycommand") {
    throw new RepxError(
      "SSH_PROXY_COMMAND",
      `${source} leads to ${host} by the ProxyCommand ${JSON.stringify(value)}`,
      {
        hint:
          "It would run a command, so it is not followed. Write the way as ProxyJump there, " +
          'or as proxy_jump = "user@host" in the target\'s table of config.toml.',
      },
    );
  }
  const jumps = parseJumpHosts(
    expandTokens(proxy, "ProxyJump", { h: hop.host, n: host, p: `${hop.port}`, r: hop.user }),
  );
  if (jumps !== undefined) return jumps;
  throw new RepxError("CONFIG_INVALID", `${source}: ProxyJump is ${JSON.stringify(value)}`, {
    hint: 'Write "user@host:port", several with commas, an IPv6 address in brackets.',
  });
}

function describe({ user, host, port }: SshHop): string {
  return `${user}@${host}:${port}`;
}

function refuseLoop(trail: readonly string[], target: Target): RepxError {
  const way = trail.toReversed().join(" → ");
  return new RepxError("CONFIG_INVALID", `the jump hosts of target ${target.name} lead in a circle: ${way}`, {
    hint: 'Turn it off for the jump host: `ProxyJump none` in its Host block, above that of "Host *".',
  });
}

function refuseLong(way: readonly string[], target: Target): RepxError {
  const message = `the way to target ${target.name} has more than ${MAX_HOPS} hops: ${way.join(" → ")}`;
  return new RepxError("CONFIG_INVALID", message, {
    hint: "Take jump hosts out of ProxyJump in ssh_config, or of proxy_jump in config.toml.",
  });
}
