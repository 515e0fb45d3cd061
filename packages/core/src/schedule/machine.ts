// What the machine of a target without SLURM has, and whether its jobs fit there at all.
import { randomUUID } from "node:crypto";
import { RepxError } from "../model/errors.ts";
import { runChecked, type Transport } from "../target/transport/transport.ts";
import type { SchedulableJob } from "./batches.ts";
import { readLocalNeeds } from "./local-needs.ts";

/** What tasks of the scheduler `local` share. */
export interface Machine {
  readonly cpus: number;
  readonly memoryMebibytes: number;
}

// nproc goes by what OpenMP programs are told (nproc(1)); a user may have that for all his programs.
const LOOK = `echo "$1 $(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc) $(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"`;
/** How many jobs one message names. */
const MOST_NAMED = 20;

/** Asks the target for its own figures, as its agent will. */
export async function readMachine(transport: Transport): Promise<Machine> {
  const mark = randomUUID();
  const output = await runChecked(transport, { argv: ["sh", "-c", LOOK, "sh", mark], deadlineSeconds: 60 });
  const answer = output.stdout.split("\n").find((line) => line.startsWith(mark)) ?? "";
  const { cpus, memory } = /^ (?<cpus>[0-9]+) (?<memory>[0-9]+)$/.exec(answer.slice(mark.length))?.groups ?? {};
  if (cpus !== undefined && memory !== undefined) return { cpus: Number(cpus), memoryMebibytes: Number(memory) };
  throw new RepxError(
    "LOCAL_AGENT_FAILED",
    `${transport.description} does not say how many cores and how much memory it has`,
    {
      hint: "The scheduler `local` needs Linux with /proc and coreutils there: `nproc; head -n 1 /proc/meminfo`.",
      details: output,
    },
  );
}

/** Refuses jobs that could never start on this machine, all of them in one message. */
export function refuseUnfit(jobs: readonly Pick<SchedulableJob, "id" | "resources">[], machine: Machine): void {
  const problems = jobs.flatMap(({ id, resources }) => {
    const asked = describeUnfit(resources, machine);
    return asked === undefined ? [] : [`${id} (${asked})`];
  });
  if (problems.length === 0) return;
  const rest = problems.length - MOST_NAMED;
  const list = `${problems.slice(0, MOST_NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  const has = `${machine.cpus} ${machine.cpus === 1 ? "core" : "cores"} and ${machine.memoryMebibytes} MiB`;
  const subject = problems.length === 1 ? "1 job asks" : `${problems.length} jobs ask`;
  throw new RepxError("LOCAL_REJECTED", `${subject} for what the target, which has ${has}, cannot give: ${list}`, {
    hint: 'Lower `cpus-per-task` and `mem` for this target in resources.toml (`target = "NAME"` in a rule), or choose a larger target.',
    details: { jobs: problems },
  });
}

function describeUnfit(resources: SchedulableJob["resources"], machine: Machine): string | undefined {
  const needs = readLocalNeeds(resources);
  if (typeof needs === "string") return `${needs} cannot be read`;
  const { cpus, memoryMebibytes: memory } = needs;
  const unfit = [
    ...(cpus > machine.cpus ? [`${cpus} cores`] : []),
    ...(memory !== "all" && memory > machine.memoryMebibytes ? [`${memory} MiB`] : []),
  ];
  return unfit.length === 0 ? undefined : unfit.join(", ");
}
