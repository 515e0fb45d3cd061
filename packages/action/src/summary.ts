import type { ExperimentOutcome } from "@repx/core";
import { escapeMarkdown, renderCode, renderCodeBlock, renderGraphPicture, type RepxError } from "@repx/core/model";

/** Who tells how a submission ends. */
export type Following = "coordinator" | "step" | "nobody";

/** Finds out who will tell. Where nothing was submitted, all is known already. */
export function readFollowing({ registration, submitted, shared }: ExperimentOutcome, waits: boolean): Following {
  if (registration !== undefined) return "coordinator";
  return waits || submitted + shared === 0 ? "step" : "nobody";
}

/** Renders the job summary of a submission: what was handed over, who follows it, and a picture of the job graph. */
export function renderSummary(outcome: ExperimentOutcome, following: Following): string {
  const reused = new Set([...outcome.jobs.values()].filter((job) => job.isReused).map((job) => job.id));
  const rows = outcome.runs.map((run) => {
    const known = run.jobs.filter((id) => reused.has(id)).length;
    return `| ${run.name} | ${run.jobs.length} | ${known} | ${run.jobs.length - known} |`;
  });
  return [
    "## RepX",
    "",
    `${renderHead(outcome)}${renderFollowing(outcome, following)} Lab \`${outcome.labHash}\`.`,
    ...(following === "nobody" ? ["", renderSilence(outcome)] : []),
    "",
    "| run | jobs | reused | not reused |",
    "|---|--:|--:|--:|",
    ...rows,
    "",
    "```mermaid",
    renderGraphPicture(
      outcome.lab,
      outcome.runs.map((run) => run.name),
      reused,
    ),
    "```",
    "",
  ].join("\n");
}

function renderHead({ submitted, shared, jobs, target }: ExperimentOutcome): string {
  if (submitted + shared === 0) return "Every job had succeeded before: nothing was submitted";
  const waited = shared === 0 ? "" : `, ${shared} are waited for that other submissions have in its queue`;
  return `${submitted} of ${jobs.size} jobs were submitted to ${renderCode(target)}${waited}`;
}

function renderFollowing({ submitted, shared, registration }: ExperimentOutcome, following: Following): string {
  if (submitted + shared === 0 || following === "nobody") return ".";
  if (registration === undefined) return "; this step follows them to their end.";
  return `; the checks of [the pull request](${registration.url}) follow them.`;
}

function renderSilence({ id, target }: ExperimentOutcome): string {
  const command = renderCode(`repx status ${id} --target ${target}`);
  return `**Nothing will report how they end**: no coordinator is named, and the step does not wait. Look with ${command}, or set \`wait: true\`.`;
}

/** Renders how the runs ended, for a workflow that waited for them. */
export function renderVerdicts(runs: readonly { readonly name: string; readonly title: string }[]): string {
  const rows = runs.map(({ name, title }) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(title)} |`);
  return ["| run | result |", "|---|---|", ...rows, ""].join("\n");
}

/** Renders the job summary of a failure that a person can act on. */
export function renderFailure(error: RepxError): string {
  return [
    `## RepX: ${error.code}`,
    renderCodeBlock(error.message),
    "**What to do**",
    renderCodeBlock(error.hint),
    "",
  ].join("\n\n");
}

const MOST_ROWS = 200;

/** Renders a sentence, and a table below it where there are rows; what stands in them comes from outside. */
export function renderRows(head: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.slice(0, MOST_ROWS).map((row) => `| ${row.map((cell) => renderCode(cell)).join(" | ")} |`);
  const more = rows.length > MOST_ROWS ? [`_and ${rows.length - MOST_ROWS} more_`, ""] : [];
  const table = [`| ${columns.join(" | ")} |`, `|${columns.map(() => "---|").join("")}`, ...shown, ""];
  return ["## RepX", "", head, "", ...(rows.length === 0 ? [] : table), ...more].join("\n");
}
