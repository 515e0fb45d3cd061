import type { CommandCall } from "../command.ts";
import { openLab } from "../open-lab.ts";

/** The hash that a command line gives, or that of the Lab which it names or which lies in ./result. */
export async function chooseLab(call: CommandCall, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  await using lab = await openLab(call);
  return lab.data.hash;
}
