/** A server as a person names it: an alias of ssh_config or a host, with what is said beside it. */
export interface NamedHost {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

// Nothing begins with a dash: these words are shown in commands to copy.
const NAMED_HOST =
  /^(?:(?<user>[^\s@:,-][^\s@:,]*)@)?(?:\[(?<ip>[0-9A-Fa-f:.]+)\]|(?<host>[A-Za-z0-9_][A-Za-z0-9._-]*))(?::(?<port>[1-9]\d{0,4}))?$/;

/** Parses `[user@]host[:port]`, an IPv6 address in brackets; undefined where it is something else. */
export function parseNamedHost(text: string): NamedHost | undefined {
  const { user, ip, host = ip, port } = NAMED_HOST.exec(text)?.groups ?? {};
  if (host === undefined || Number(port ?? 22) > 65_535) return undefined;
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) };
}

/** Parses jump hosts as ProxyJump has them, in the order of the way; none of them for `none`. */
export function parseJumpHosts(text: string): readonly NamedHost[] | undefined {
  if (text.trim().toLowerCase() === "none") return [];
  const hosts = text.split(",").map((word) => parseNamedHost(word.trim().replace(/^ssh:\/\//, "")));
  return hosts.every((host) => host !== undefined) ? hosts : undefined;
}
