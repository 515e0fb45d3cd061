import type { ClientChannel } from "ssh2";
import { readField } from "../wire/read-field.ts";

interface Signaller {
  signal(channel: number, name: string): void;
}

/** Asks sshd (7.9 or newer) to send a signal to the process group of a channel's command. */
export function signalChannel(channel: ClientChannel, name: "TERM" | "KILL"): void {
  // ssh2 1.17's own `channel.signal` does nothing once stdin has ended, though RFC 4254 section 6.9 allows it.
  const protocol = readField(readField(channel, "_client"), "_protocol");
  const outgoing = readField(channel, "outgoing");
  const [id, state] = [readField(outgoing, "id"), readField(outgoing, "state")];
  // sshd ends the whole connection over a request for a channel that we have closed ("unknown channel").
  if (state !== "open" && state !== "eof") return;
  if (isSignaller(protocol) && typeof id === "number") protocol.signal(id, name);
}

function isSignaller(value: unknown): value is Signaller {
  return typeof readField(value, "signal") === "function";
}
