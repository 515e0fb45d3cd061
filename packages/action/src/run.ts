import { runCancel } from "./commands/cancel.ts";
import { runGc } from "./commands/gc.ts";
import { runPull } from "./commands/pull.ts";
import { runReconcile } from "./commands/reconcile.ts";
import { runSubmit } from "./commands/submit.ts";
import type { Host } from "./host.ts";
import { readInputs, type ActionCommand } from "./inputs.ts";
import { openReporter } from "./reporter.ts";
import { readRoute } from "./route.ts";
import type { ActionCall } from "./call.ts";

const COMMANDS: Readonly<Record<ActionCommand, (call: ActionCall) => Promise<void>>> = {
  submit: runSubmit,
  reconcile: runReconcile,
  cancel: runCancel,
  gc: runGc,
  pull: runPull,
};

/** The Action's story: read the inputs, do what `command` says. `programs` is the folder of what is deployed to targets. */
export async function run(host: Host, programs: string): Promise<void> {
  const inputs = readInputs(host);
  const reporter = openReporter(
    (line) => host.printLine(line),
    () => Date.now(),
  );
  await COMMANDS[inputs.command]({ host, inputs, reporter, route: readRoute(host, inputs, programs) });
}
