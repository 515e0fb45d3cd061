import { RepxError } from "../../model/errors.ts";
import type { ConnectDeadline } from "./connect-deadline.ts";
import { readKnownHosts, type Credentials } from "./credentials.ts";
import { addKnownHost } from "../host-key/first-use.ts";
import {
  checkHostKey,
  listKnownTypes,
  nameHost,
  type HostKeyVerdict,
  type ListedKey,
} from "../host-key/known-hosts.ts";
import { showWord } from "../command/quote.ts";
import type { SshHop } from "../route/ssh-route.ts";

/** Checks the key of one hop. */
export interface HostKeyCheck {
  /** Types of the keys by which the host is known. */
  readonly knownTypes: readonly string[];
  /** Settles when the key may be trusted; rejects with SSH_HOST_KEY_UNKNOWN or SSH_HOST_KEY_MISMATCH. */
  check(key: Buffer): Promise<void>;
}

type Refused = Exclude<HostKeyVerdict, { verdict: "known" }>;

/** Reads what is known of a hop. `where` names it in errors; the deadline runs the question to a person. */
export async function openHostKeyCheck(
  hop: SshHop,
  where: string,
  credentials: Credentials,
  deadline: Pick<ConnectDeadline, "pauseFor" | "signal">,
): Promise<HostKeyCheck> {
  const texts = await readKnownHosts(hop, credentials);
  // An alias stands for host and port (ssh_config(5), HostKeyAlias).
  const name = hop.alias ?? nameHost(hop.host, hop.port);
  // For another port than 22 a line of the host alone vouches too, where none has the port (sshconnect.c).
  const plain = hop.alias === undefined ? nameHost(hop.host, 22) : name;
  return {
    knownTypes: [...new Set([...listKnownTypes(texts, name), ...listKnownTypes(texts, plain)])],
    check: async (key) => {
      const verdict = checkHostKey(texts, name, key);
      if (verdict.verdict === "known") return;
      if (verdict.verdict === "unknown" && checkHostKey(texts, plain, key).verdict === "known") return;
      const path = credentials.knownHosts.trim() === "" ? hop.newHostsFile : undefined;
      const { acceptHostKey } = credentials;
      if (acceptHostKey === undefined || !isNew(verdict)) throw describeRefusal(where, verdict, name, path);
      if (path === undefined || hop.isStrict) {
        const why = hop.isStrict
          ? "StrictHostKeyChecking yes forbids it"
          : "no known_hosts file of the user's is named";
        throw describeRefusal(where, verdict, name, path, `; it cannot be accepted: ${why}`);
      }
      const { fingerprint, type, line } = verdict;
      const ask = async (signal: AbortSignal): Promise<boolean> =>
        acceptHostKey({ host: name, fingerprint, type, line }, signal);
      const isAccepted = await deadline.pauseFor(ask);
      // A yes that comes when the connection is gone was not given for one that is open.
      if (!isAccepted || deadline.signal.aborted) throw describeRefusal(where, verdict, name, path);
      await addKnownHost(path, line).catch((cause: unknown) => {
        throw new RepxError("SSH_HOST_KEY_UNKNOWN", `the key of ${where} was accepted, but ${path} cannot be written`, {
          hint: `Make the file writable, or add this line to it: ${line}`,
          cause,
        });
      });
    },
  };
}

/** A host that is known by another type of key, or by an authority, is not new: somebody may want us to think so. */
function isNew(verdict: Refused): boolean {
  return verdict.verdict === "unknown" && verdict.knownTypes.length === 0 && verdict.authorities.length === 0;
}

function describeRefusal(
  where: string,
  verdict: Refused,
  name: string,
  path: string | undefined,
  note = "",
): RepxError {
  const file = path ?? "known_hosts";
  if (verdict.verdict === "unknown") return describeUnknown(where, verdict, file, note);
  const revoked = `${where} offered the key ${verdict.fingerprint}, which ${renderPlaces(verdict.listed)} marks as revoked`;
  const changed = `${where} offered the key ${verdict.fingerprint}, but known_hosts has ${renderListed(verdict.listed)}`;
  const isRevoked = verdict.verdict === "revoked";
  const ask = "Ask the host's administrators whether its key was replaced.";
  const remedy =
    path === undefined
      ? "replace the old line"
      : `run \`ssh-keygen -f ${showWord(path)} -R ${showWord(name)}\` and add the line`;
  return new RepxError("SSH_HOST_KEY_MISMATCH", isRevoked ? revoked : changed, {
    hint: isRevoked ? `${ask} Do not connect before.` : `${ask} Only then ${remedy}: ${verdict.line}`,
    details: verdict,
  });
}

function describeUnknown(where: string, verdict: Refused, file: string, note: string): RepxError {
  const { authorities, knownTypes, fingerprint, line } = verdict;
  const others = knownTypes.length === 0 ? "" : `; it is known by ${knownTypes.join(", ")}`;
  const byAuthority =
    authorities.length === 0
      ? ""
      : `; it is known by certificates of the authority ${renderListed(authorities)}, and host certificates are not supported`;
  const message = `${where} offered the key ${fingerprint}, which is not in known_hosts${others}${byAuthority}${note}`;
  const hint = `If ${fingerprint} is the host's fingerprint, add this line to ${file}: ${line}`;
  return new RepxError("SSH_HOST_KEY_UNKNOWN", message, { hint, details: verdict });
}

function renderListed(listed: readonly ListedKey[]): string {
  return listed.map(({ fingerprint, place }) => `${fingerprint} (${place})`).join(", ");
}

function renderPlaces(listed: readonly ListedKey[]): string {
  return listed.map(({ place }) => place).join(", ");
}
