import type { Lab } from "@repx/core/lab";
import type { CommandCall } from "../command.ts";
import { renderTable } from "../render-table.ts";

/** Lists the runs of a Lab: how many jobs, which runs they wait for, which groups they are in. */
export async function listRuns(lab: Lab, { screen, isSet }: CommandCall): Promise<number> {
  const runs = lab.runs().map(({ name, jobIds, dependencies }) => ({
    name,
    jobs: jobIds.length,
    dependencies: Object.fromEntries(dependencies),
    groups: [...lab.groups()].flatMap(([group, members]) => (members.includes(name) ? [group] : [])),
  }));
  if (isSet("json")) {
    screen.printJson(runs);
    return 0;
  }
  const rows = runs.map(({ name, jobs, dependencies, groups }) => [
    name,
    String(jobs),
    Object.entries(dependencies)
      .map(([run, kind]) => (kind === "hard" ? run : `${run} (${kind})`))
      .join(", "),
    groups.map((group) => `@${group}`).join(", "),
  ]);
  const head = ["RUN", "JOBS", "NEEDS", "GROUPS"];
  if (rows.length === 0) screen.note("(the Lab has no runs)");
  else for (const line of renderTable({ head, rows, right: [1] }, screen)) screen.print(line);
  return 0;
}
