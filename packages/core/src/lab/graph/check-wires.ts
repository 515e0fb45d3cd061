import type { RunName } from "../../model/ids.ts";
import type { InputMapping, Lab } from "../../model/lab.ts";
import { clipText } from "../clip-text.ts";
import { refuseLab } from "../refuse-lab.ts";

/** Refuses a Lab in which a wire, a run or a group names something that is not in it, or runs wait for each other. */
export function checkWires(folder: string, lab: Lab): void {
  for (const [id, job] of lab.jobs) {
    for (const executable of Object.values(job.executables)) {
      for (const mapping of executable.inputs) checkMapping(folder, lab, id, mapping);
    }
  }
  for (const [group, names] of lab.groups) {
    const stranger = names.find((name) => !lab.runs.has(name));
    if (stranger === undefined) continue;
    throw refuseLab(folder, `group ${clipText(group)} names the run ${stranger}, which is not there`);
  }
  checkRunCycles(folder, lab);
}

function checkMapping(folder: string, lab: Lab, id: string, mapping: InputMapping): void {
  const { job_id: upstream, source_run: run } = mapping;
  const input = `input ${clipText(mapping.target_input)} of job ${id}`;
  if (upstream !== null && upstream !== undefined && upstream !== "self" && !lab.jobs.has(upstream)) {
    throw refuseLab(folder, `${input} comes from job ${upstream}, which no run has`);
  }
  if (run !== null && run !== undefined && !lab.runs.has(run)) {
    throw refuseLab(folder, `${input} comes from run ${run}, which is not there`);
  }
}

/** Takes away runs that wait for none that is left (Kahn); what then remains waits for itself. */
function checkRunCycles(folder: string, lab: Lab): void {
  const dependents = new Map<RunName, RunName[]>();
  const counts = new Map<RunName, number>();
  for (const { name, dependencies } of lab.runs.values()) {
    counts.set(name, dependencies.size);
    for (const upstream of dependencies.keys()) {
      const names = dependents.get(upstream);
      if (names === undefined) dependents.set(upstream, [name]);
      else names.push(name);
    }
  }
  const free = [...counts].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    counts.delete(name);
    for (const dependent of dependents.get(name) ?? []) {
      const left = (counts.get(dependent) ?? 0) - 1;
      counts.set(dependent, left);
      if (left === 0) free.push(dependent);
    }
  }
  const [stuck] = counts.keys();
  if (stuck !== undefined) {
    throw refuseLab(folder, `the run ${stuck} waits for itself by way of its dependencies, or for runs that do`);
  }
}
