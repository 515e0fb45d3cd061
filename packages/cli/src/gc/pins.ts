import { RepxError } from "@repx/core/model";
import type { CommandCall } from "../command.ts";
import { describeTarget, openTarget } from "../open-target.ts";
import { chooseLab } from "./choose-lab.ts";

/** Keeps a Lab on a target until it is unpinned. */
export async function pin(call: CommandCall, given: string | undefined): Promise<number> {
  const { pinLab } = await import("@repx/core/gc");
  const lab = await chooseLab(call, given);
  const name = call.text("name");
  await using opened = await openTarget(call);
  const made = await pinLab(opened.transport, opened.target.basePath, { lab, ...(name === undefined ? {} : { name }) });
  if (call.isSet("json")) call.screen.printJson({ target: describeTarget(opened, opened.transport), ...made });
  else call.screen.print(`Lab ${made.lab.slice(0, 8)} is pinned as ${made.name}`);
  return 0;
}

/** Takes a pin away. */
export async function unpin(call: CommandCall, given: string | undefined): Promise<number> {
  if (given === undefined) {
    throw new RepxError("INPUT_MISSING", "`repx gc unpin` needs the name of a pin", {
      hint: "`repx gc list` shows the pins.",
    });
  }
  const { unpinLab } = await import("@repx/core/gc");
  await using opened = await openTarget(call);
  const gone = await unpinLab(opened.transport, opened.target.basePath, given);
  if (call.isSet("json")) call.screen.printJson({ target: describeTarget(opened, opened.transport), ...gone });
  else call.screen.print(`${gone.name} no longer keeps Lab ${gone.lab.slice(0, 8)}`);
  return 0;
}
