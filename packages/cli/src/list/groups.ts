import type { Lab } from "@repx/core/lab";
import { RepxError } from "@repx/core/model";
import { advise, listWords } from "../advise.ts";
import type { CommandCall } from "../command.ts";
import { count } from "../count.ts";
import { renderTable } from "../render-table.ts";

/** Lists the groups of a Lab with their runs, or the runs of one group. */
export async function listGroups(lab: Lab, { screen, isSet }: CommandCall, name?: string): Promise<number> {
  const wanted = name === undefined ? undefined : name.replace(/^@/, "");
  const all = [...lab.groups()].map(([group, runs]) => ({ name: group, runs }));
  const groups = wanted === undefined ? all : all.filter((group) => group.name === wanted);
  if (wanted !== undefined && groups.length === 0)
    throw refuseGroup(
      wanted,
      all.map((group) => group.name),
    );
  if (isSet("json")) screen.printJson(groups);
  else if (wanted !== undefined) for (const run of groups[0]?.runs ?? []) screen.print(run);
  else if (groups.length === 0) screen.note("(the Lab has no groups)");
  else {
    const rows = groups.map((group) => [`@${group.name}`, count(group.runs.length, "run"), group.runs.join(", ")]);
    for (const line of renderTable({ head: ["GROUP", "SIZE", "RUNS"], rows }, screen)) screen.print(line);
  }
  return 0;
}

function refuseGroup(name: string, known: readonly string[]): RepxError {
  const names = known.map((one) => `@${one}`);
  const list = names.length === 0 ? "It has no groups." : `Its groups are ${listWords(names)}.`;
  return new RepxError("LAB_RUN_UNKNOWN", `the Lab has no group @${name}`, {
    hint: advise(`@${name}`, names, list),
    details: { groups: known },
  });
}
