import { RepxError } from "../model/errors.ts";
import type { Transport } from "../target/transport/transport.ts";

// A relay that ends in order takes its pid file with it: one that is left is of a relay that runs (the second instance
// ends at once) or that was killed, with the machine perhaps.
const REVIVE = `
set -u
for pid in "$1"/submissions/*/relay.pid; do
  folder=\${pid%/relay.pid}
  [ -f "$folder/programs" ] && read -r programs <"$folder/programs" || continue
  setsid nohup "$programs/repx-relay" "$1" "\${folder##*/}" </dev/null >/dev/null 2>&1 &
done
`;

/** Starts the relays of earlier submissions again that were killed before all their jobs had been told of. */
export async function reviveRelays(transport: Transport, basePath: string): Promise<void> {
  await runScript(transport, REVIVE, [basePath]);
}

async function runScript(transport: Transport, script: string, args: readonly string[]): Promise<void> {
  const output = await transport.run({ argv: ["sh", "-c", script, "sh", ...args], deadlineSeconds: 60 });
  if (output.exitCode === 0) return;
  throw new RepxError(
    "SSH_COMMAND_FAILED",
    `${transport.description}: ${output.stderr.trim() || `exit code ${output.exitCode}`}`,
    {
      hint: "Run the command on the target by hand to see more; check the disk's space and the quota there.",
      details: output,
    },
  );
}
