import type { Job, JobStatus, Lab } from "@repx/core/lab";
import { chooseJobs, type JobSection } from "../choose-jobs.ts";
import type { CommandCall } from "../command.ts";
import { count } from "../count.ts";
import { hasParameters, parseParameterChoice, renderParameters, type ParameterChoice } from "../parameters.ts";
import { readTarget, requireTarget } from "../read-target.ts";
import { renderTable } from "../render-table.ts";
import { makeIdRenderer } from "../short-ids.ts";
import { sortJobs } from "../sort-jobs.ts";
import { paintStatus } from "../status-look.ts";

interface Listing {
  readonly call: CommandCall;
  readonly target: string | undefined;
  readonly choice: ParameterChoice;
  readonly statuses: ReadonlyMap<string, JobStatus>;
  readonly renderId: (id: string) => string;
}

/** Lists jobs with their parameters, and with a target what became of them there. */
export async function listJobs(lab: Lab, call: CommandCall, name: string | undefined): Promise<number> {
  const target = await readTarget(call);
  const wanted = call.texts("status");
  if (wanted.length > 0) requireTarget(target, "--status");
  if (call.isSet("output-paths")) requireTarget(target, "--output-paths");
  const choice = parseParameterChoice(call.texts("param"));
  const stage = call.text("stage") ?? "";
  const found = (await chooseJobs(lab, name)).map(({ title, jobs }) => ({
    title,
    jobs: jobs.filter((job) => nameStage(job).includes(stage) && hasParameters(job.effectiveParams, choice)),
  }));
  const asked = found.flatMap(({ jobs }) => jobs);
  const statuses = target === undefined ? new Map<string, JobStatus>() : await lab.statuses(asked, target);
  const sections = found.map(({ title, jobs }) => ({
    title,
    jobs: jobs.filter(({ id }) => wanted.length === 0 || wanted.includes(statuses.get(id) ?? "")),
  }));
  const renderId = makeIdRenderer(
    call.screen,
    (await lab.jobs()).map(({ id }) => id),
  );
  const listing: Listing = { call, target, choice, statuses, renderId };
  if (call.isSet("json")) printJson(sections, listing);
  else printSections(call.isSet("group-by-stage") ? groupByStage(sections) : sections, listing);
  return 0;
}

function nameStage({ stage, version }: Job): string {
  return `${stage}-${version}`;
}

function groupByStage(sections: readonly JobSection[]): JobSection[] {
  const jobs = [...new Map(sections.flatMap((section) => section.jobs.map((job) => [job.id, job]))).values()];
  const stages = Map.groupBy(jobs, nameStage);
  return [...stages].map(([title, members]) => ({ title, jobs: members }));
}

function printSections(sections: readonly JobSection[], listing: Listing): void {
  const { screen } = listing.call;
  const filled = sections.filter(({ jobs }) => jobs.length > 0);
  if (filled.length === 0) screen.print("(no jobs match)");
  for (const [index, { title, jobs }] of filled.entries()) {
    if (index > 0) screen.print("");
    screen.print(`${screen.paint("bold", title)}: ${count(jobs.length, "job")}`);
    printJobs(jobs, listing);
  }
}

function printJobs(unsorted: readonly Job[], { call, target, choice, statuses, renderId }: Listing): void {
  const { screen } = call;
  const jobs = sortJobs(unsorted);
  const columns: readonly (readonly [title: string, read: (job: Job) => string])[] = [
    ["JOB", ({ id }) => renderId(id)],
    // A whole id ends with the stage.
    ...(screen.isTerminal && !call.isSet("group-by-stage") ? [["STAGE", nameStage] as const] : []),
    ...(target === undefined ? [] : [["STATUS", ({ id }: Job) => statuses.get(id) ?? ""] as const]),
    [
      "PARAMETERS",
      ({ params, effectiveParams }) =>
        choice.shown.length === 0 ? renderParameters(params, []) : renderParameters(effectiveParams, choice.shown),
    ],
  ];
  const rows = jobs.map((job) => columns.map(([, read]) => read(job)));
  const at = columns.findIndex(([title]) => title === "STATUS");
  const lines = renderTable(
    {
      head: columns.map(([title]) => title),
      rows,
      paint: (text, column) => (column === at ? paintStatus(screen, text) : text),
    },
    screen,
    "  ",
  );
  const [head = "", ...others] = lines;
  screen.print(head);
  for (const [index, line] of others.entries()) {
    screen.print(line);
    if (!call.isSet("output-paths")) continue;
    for (const [output, path] of Object.entries(jobs[index]?.outputs(target) ?? {})) {
      screen.print(`    ${screen.paint("dim", `${output}:`)} ${path}`);
    }
  }
}

function printJson(sections: readonly JobSection[], { call, target, statuses }: Listing): void {
  const jobs = [...new Map(sections.flatMap((section) => section.jobs.map((job) => [job.id, job]))).values()];
  const rows = jobs.map((job) => ({
    id: job.id,
    stage: job.stage,
    version: job.version,
    stageType: job.stageType,
    runs: job.runs,
    params: job.params,
    effectiveParams: job.effectiveParams,
    dependencies: job.dependencies.map(({ id }) => id),
    ...(target === undefined ? {} : { status: statuses.get(job.id), outputs: job.outputs(target) }),
  }));
  call.screen.print(JSON.stringify(rows, null, 2));
}
