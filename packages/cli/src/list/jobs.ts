import type { Job, JobStatus, Lab } from "@repx/core/lab";
import { readParameter, renderValue, RepxError } from "@repx/core/model";
import { advise, listWords } from "../advise.ts";
import { chooseJobs, type JobSection } from "../choose-jobs.ts";
import type { CommandCall } from "../command.ts";
import { count } from "../count.ts";
import { nameStage } from "../name-stage.ts";
import {
  hasParameters,
  parseParameterChoice,
  renderBriefly,
  renderParameters,
  type ParameterChoice,
} from "../parameters.ts";
import { readTarget, requireTarget } from "../read-target.ts";
import { renderTable } from "../render-table.ts";
import { makeIdRenderer, type IdRenderer } from "../short-ids.ts";
import { sortJobs } from "../sort-jobs.ts";
import { paintStatus, STATUSES } from "../status-look.ts";
import { nameTellingParameters } from "./telling-parameters.ts";

interface Listing {
  readonly call: CommandCall;
  readonly target: string | undefined;
  /** Which parameters are shown of a job. */
  readonly nameParameters: (job: Job) => readonly string[];
  readonly statuses: ReadonlyMap<string, JobStatus>;
  readonly renderId: IdRenderer;
}

/** Lists jobs with their parameters, and with a target what became of them there. */
export async function listJobs(lab: Lab, call: CommandCall, name: string | undefined): Promise<number> {
  const target = await readTarget(call);
  const wanted = call.texts("status");
  if (wanted.length > 0) requireTarget(target, "--status");
  if (call.isSet("output-paths")) requireTarget(target, "--output-paths");
  const choice = parseParameterChoice(call.texts("param"));
  const all = await lab.jobs();
  refuseUnknownParameters(all, choice);
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
  const renderId = makeIdRenderer(call.screen, lab.data.jobs.keys());
  const nameParameters = choice.shown.length === 0 ? nameTellingParameters(all) : () => choice.shown;
  const listing: Listing = { call, target, nameParameters, statuses, renderId };
  if (call.isSet("json")) printJson(sections, listing);
  else printSections(call.isSet("group-by-stage") ? groupByStage(sections) : sections, listing);
  return 0;
}

/** A name that is mistyped would fit no job, or show nothing. */
function refuseUnknownParameters(jobs: readonly Job[], { shown }: ParameterChoice): void {
  const unknown = shown.find((key) =>
    jobs.every(({ effectiveParams }) => readParameter(effectiveParams, key) === undefined),
  );
  if (unknown === undefined) return;
  const names = [...new Set(jobs.flatMap(({ effectiveParams }) => Object.keys(effectiveParams)))].toSorted();
  const list = names.length === 0 ? "Its jobs have none." : `Its jobs have ${listWords(names)}.`;
  throw new RepxError("INPUT_INVALID", `no job of the Lab has a parameter ${unknown}`, {
    hint: advise(unknown, names, list),
    details: { parameters: names },
  });
}

function groupByStage(sections: readonly JobSection[]): JobSection[] {
  return [...Map.groupBy(listOnce(sections), nameStage)].map(([title, jobs]) => ({ title, jobs }));
}

/** A job of several runs is one job. */
function listOnce(sections: readonly JobSection[]): Job[] {
  return [...new Set(sections.flatMap(({ jobs }) => jobs))];
}

function printSections(sections: readonly JobSection[], listing: Listing): void {
  const { screen } = listing.call;
  const filled = sections.filter(({ jobs }) => jobs.length > 0);
  if (filled.length === 0) screen.note("(no jobs match)");
  for (const [index, { title, jobs }] of filled.entries()) {
    if (index > 0) screen.print("");
    screen.print(`${screen.paint("bold", title)}: ${count(jobs.length, "job")}${renderCounts(jobs, listing)}`);
    printJobs(jobs, listing);
  }
}

/** ` (3 failed, 1 pending)`; nothing without a target. */
function renderCounts(jobs: readonly Job[], { target, statuses }: Listing): string {
  if (target === undefined) return "";
  const found = Map.groupBy(jobs, ({ id }) => statuses.get(id));
  const counts = STATUSES.flatMap((status) => {
    const total = found.get(status)?.length ?? 0;
    return total === 0 ? [] : [`${total} ${status}`];
  });
  return ` (${counts.join(", ")})`;
}

function printJobs(unsorted: readonly Job[], listing: Listing): void {
  const { call, target, statuses, renderId, nameParameters } = listing;
  const { screen } = call;
  const jobs = sortJobs(unsorted);
  const render = screen.isTerminal ? renderBriefly : renderValue;
  const columns: readonly (readonly [title: string, read: (job: Job) => string])[] = [
    ["JOB", ({ id }) => renderId(id)],
    // A whole id ends with the stage.
    ...(screen.isTerminal && !call.isSet("group-by-stage") ? [["STAGE", nameStage] as const] : []),
    ...(target === undefined ? [] : [["STATUS", ({ id }: Job) => statuses.get(id) ?? ""] as const]),
    ["PARAMETERS", (job) => renderParameters(job.effectiveParams, nameParameters(job), render)],
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
  const rows = listOnce(sections).map((job) => ({
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
  call.screen.printJson(rows);
}
