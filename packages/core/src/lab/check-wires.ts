import type { RunName } from "../model/ids.ts";
import type { InputMapping, Lab } from "../model/lab.ts";
import { refuseLab } from "./read-metadata.ts";

/** Refuses a Lab in which a wire, a run or a group names something that is not in it, or runs wait for each other. */
export function checkWires(folder: string, lab: Lab): void {
  for (const [id, job] of lab.jobs) {
    for (const executable of Object.values(job.executables)) {
      for (const mapping of executable.inputs) checkMapping(folder, lab, id, mapping);
    }
  }
  for (const [group, names] of lab.groups) {
    const stranger = names.find((name) => !lab.runs.has(name));
    if (stranger !== undefined) throw refuseLab(folder, `group ${group} names the run ${stranger}, which is not there`);
  }
  for (const name of lab.runs.keys()) checkRunCycle(folder, lab, name);
}

function checkMapping(folder: string, lab: Lab, id: string, mapping: InputMapping): void {
  const { job_id: upstream, source_run: run } = mapping;
  if (upstream !== null && upstream !== undefined && upstream !== "self" && !lab.jobs.has(upstream)) {
    throw refuseLab(folder, `input ${mapping.target_input} of job ${id} comes from job ${upstream}, which no run has`);
  }
  if (run !== null && run !== undefined && !lab.runs.has(run)) {
    throw refuseLab(folder, `input ${mapping.target_input} of job ${id} comes from run ${run}, which is not there`);
  }
}

function checkRunCycle(folder: string, lab: Lab, start: RunName): void {
  const seen = new Set<RunName>();
  const waiting = [...(lab.runs.get(start)?.dependencies.keys() ?? [])];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === start) throw refuseLab(folder, `the run ${start} waits for itself by way of its dependencies`);
    if (seen.has(name)) continue;
    seen.add(name);
    waiting.push(...(lab.runs.get(name)?.dependencies.keys() ?? []));
  }
}
