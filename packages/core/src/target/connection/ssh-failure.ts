// The failures of connecting, as a person reads them.
import { RepxError } from "../../model/errors.ts";
import { showWord } from "../command/quote.ts";
import type { HopKeys } from "./ssh-keys.ts";
import type { Login } from "./ssh-login.ts";
import type { SshHop } from "../route/ssh-route.ts";

/** What ssh2 and sockets say of themselves. */
export type SshError = Error & { readonly level?: string; readonly code?: string | number };

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name is not known",
  EAI_AGAIN: "the name could not be looked up",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "it closed the connection",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "it did not answer",
};

/** Names a hop: `host:port`, and which one it is where there are several. */
export function nameHop(hop: SshHop, index: number, count: number): string {
  const place = `${hop.host}:${hop.port}`;
  return count === 1 ? place : `${place} (${index === count - 1 ? "the target" : `jump host ${index + 1}`})`;
}

/** Describes a connection that could not be made or broke before the login ended. */
export function describeClosed(where: string, hop: SshHop, error?: SshError): RepxError {
  const why =
    error === undefined ? "it closed the connection" : (REASONS[error.code ?? ""] ?? quoteServer(error.message));
  return new RepxError("SSH_UNREACHABLE", `${where} cannot be reached: ${why}`, {
    hint: `Check address and port of the target in config.toml; try \`${renderSsh(hop)}\`.`,
    cause: error,
  });
}

/** Describes a server that did not wait for a person's answer. */
export function describeUnanswered(where: string): RepxError {
  return new RepxError("SSH_UNREACHABLE", `${where} closed the connection before the question was answered`, {
    hint: "Servers wait for a login for a minute or two (LoginGraceTime): try again with the answer at hand.",
  });
}

/** Describes a jump host that does not lead to the next hop. */
export function describeNoWay(jump: string, where: string, error: Error & { readonly reason?: number }): RepxError {
  // RFC 4254 section 5.1: 1 is SSH_OPEN_ADMINISTRATIVELY_PROHIBITED.
  const isForbidden = error.reason === 1;
  const why = isForbidden
    ? "it forbids forwarding"
    : quoteServer(error.message.replace("(SSH) Channel open failure: ", ""));
  return new RepxError("SSH_UNREACHABLE", `${where} cannot be reached from ${jump}: ${why}`, {
    hint: isForbidden
      ? `Ask the administrators of ${jump} for AllowTcpForwarding, or go by another jump host.`
      : `Log in to ${jump} and try to reach ${where} from there.`,
    cause: error,
  });
}

/** Describes the end of the time for connecting. */
export function describeLateLogin(where: string, hop: SshHop, step: string, seconds: number): RepxError {
  return new RepxError("SSH_TIMEOUT", `${where} did not let us in within ${seconds} seconds: ${step}`, {
    hint: `See whether a firewall drops the connection: \`${renderSsh(hop, "-v ")}\`.`,
  });
}

/** Describes a hop for which there is no key at all. */
export function describeNoKey(where: string, targetName: string, problems: readonly string[]): RepxError {
  const why = problems.length === 0 ? "" : `: ${problems.join("; ")}`;
  return new RepxError("SSH_KEY_INVALID", `no SSH key for ${where} was given or found${why}`, {
    hint: `Give a private key, name its file as identity_file in [targets.${targetName}], or start an agent that holds it.`,
  });
}

/** Describes a server that took none of the keys. */
export function describeRefusedKeys(
  where: string,
  hop: SshHop,
  { problems }: HopKeys,
  login: Login,
  cause: SshError,
): RepxError {
  const further = login.further();
  if (further !== undefined) return describeFurther(`${hop.user}@${where}`, further, cause);
  const tried = login.tried.map((key) => key.label);
  const [only] = tried;
  const what = tried.length === 1 && only !== undefined ? `the key ${only}` : `every key: ${tried.join("; ")}`;
  const isEarly = cause.level !== "client-authentication";
  const notes = [
    ...login.problems,
    ...problems,
    ...(login.left.length === 0 ? [] : [`${login.left.length} more were not tried, for servers take ${tried.length}`]),
    ...(isEarly ? [`the server said: ${quoteServer(cause.message)}`] : []),
  ];
  const message = `${hop.user}@${where} refused ${what}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  const add = `Add the public half of the key to ~${hop.user}/.ssh/authorized_keys on ${hop.host}; compare with \`ssh-keygen -lf\`.`;
  const narrow =
    login.left.length === 0
      ? ""
      : ` If one that was not tried is the right one, name it and write \`IdentitiesOnly yes\` for ${hop.host} in ~/.ssh/config: the agent's other keys then stay out.`;
  return new RepxError("SSH_KEY_REFUSED", message, {
    hint: `${add}${narrow}`,
    details: { tried, notes },
    cause,
  });
}

/** A second factor needs a person each time. */
function describeFurther(
  who: string,
  { key, methods }: NonNullable<ReturnType<Login["further"]>>,
  cause: SshError,
): RepxError {
  const asked = methods.length === 0 ? "more" : quoteServer(methods.join(" or "));
  return new RepxError("SSH_KEY_REFUSED", `${who} took the key ${key} and also asks for ${asked}`, {
    hint: "A second factor cannot be given here: ask the site for access with a key alone, or for the host that it has for automation.",
    details: { key, methods },
    cause,
  });
}

/** A server may say anything, before we know that it is ours too: one line of what it says is enough. */
export function quoteServer(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, 200);
}

function renderSsh(hop: SshHop, option = ""): string {
  return `ssh ${option}-p ${hop.port} ${showWord(`${hop.user}@${hop.host}`)} true`;
}
