import { parseCoordinatorOrigin, RepxError } from "@repx/core/model";
import type { Host } from "./host.ts";

/** The Action's inputs, checked; one field an input of action.yml. */
export interface Inputs {
  readonly lab: string;
  readonly runs: readonly string[];
  readonly target: string | undefined;
  readonly config: string;
  readonly resources: string | undefined;
  readonly sshKey: string | undefined;
  readonly sshKeyPassphrase: string | undefined;
  readonly knownHosts: string | undefined;
  readonly coordinator: string;
  readonly wait: boolean;
}

/** Reads every input once; throws INPUT_MISSING or INPUT_INVALID with the input's name. */
export function readInputs(host: Pick<Host, "readInput" | "addMask">): Inputs {
  const optional = (name: string): string | undefined => host.readInput(name) || undefined;
  const sshKey = optional("ssh-key");
  const sshKeyPassphrase = optional("ssh-key-passphrase");
  if (sshKey !== undefined) maskSecret(host, sshKey);
  if (sshKeyPassphrase !== undefined) host.addMask(sshKeyPassphrase);
  return {
    lab: host.readInput("lab") || ".",
    runs: host
      .readInput("runs")
      .split(/\s+/)
      .filter((name) => name !== ""),
    target: optional("target"),
    config: host.readInput("config") || ".repx/config.toml",
    resources: optional("resources"),
    sshKey,
    sshKeyPassphrase,
    knownHosts: optional("known-hosts"),
    coordinator: parseCoordinator(host.readInput("coordinator")),
    wait: parseBoolean("wait", host.readInput("wait") || "false"),
  };
}

/** A runner masks whole values; a key of several lines is masked line by line too, as logs print lines. */
function maskSecret(host: Pick<Host, "addMask">, secret: string): void {
  for (const line of [secret, ...secret.split("\n")]) {
    if (line.trim().length >= 8) host.addMask(line.trim());
  }
}

function parseCoordinator(text: string): string {
  const hint = "Set the `coordinator` input to the address of your coordinator, for instance https://repx.example.org.";
  if (text === "") throw new RepxError("INPUT_MISSING", "the input `coordinator` is empty", { hint });
  return parseCoordinatorOrigin(text, "the input `coordinator`");
}

function parseBoolean(name: string, text: string): boolean {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw new RepxError("INPUT_INVALID", `the input \`${name}\` is neither true nor false: ${text}`, {
    hint: `Write \`${name}: true\` or leave it out.`,
  });
}
