import type { RegisteredOutcome } from "@repx/core";
import { escapeMarkdown, renderCode, renderCodeBlock, renderGraphPicture, type RepxError } from "@repx/core/model";

/** Renders the job summary of a submission: what was handed over, and a picture of the job graph. */
export function renderSummary(outcome: RegisteredOutcome): string {
  const reused = new Set([...outcome.jobs.values()].filter((job) => job.isReused).map((job) => job.id));
  const rows = outcome.runs.map((run) => {
    const known = run.jobs.filter((id) => reused.has(id)).length;
    return `| ${run.name} | ${run.jobs.length} | ${known} | ${run.jobs.length - known} |`;
  });
  return [
    "## RepX",
    "",
    outcome.submitted + outcome.shared === 0
      ? `Every job had succeeded before: nothing was submitted. Lab \`${outcome.labHash}\`.`
      : `${outcome.submitted} of ${outcome.jobs.size} jobs were submitted to ${renderCode(outcome.target)}${outcome.shared === 0 ? "" : `, ${outcome.shared} are waited for that other submissions have in its queue`}; the checks of [the pull request](${outcome.registration.url}) follow them. Lab \`${outcome.labHash}\`.`,
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
