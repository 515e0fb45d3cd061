// Pictures that jobs have left, as Markdown shows them.
import type { JobId } from "../ids.ts";
import type { Submission } from "../submission.ts";
import { renderParametersCode } from "./ends.ts";
import { escapeMarkdown, renderLink } from "./markdown.ts";

/** Pictures of one report; more belong on the board. */
const MAX_FIGURES = 6;

/** Renders the pictures of some jobs, each under the stage and the parameters that it is of. */
export function renderFigures(submission: Submission, jobs: readonly JobId[]): string[] {
  const wanted = new Set(jobs);
  const figures = (submission.figures ?? []).filter(({ job }) => wanted.has(job));
  const blocks = figures.slice(0, MAX_FIGURES).flatMap(({ job, name, url }) => {
    const link = renderLink(escapeMarkdown(name), url);
    if (!link.startsWith("[")) return [];
    const { stage = job, parameters = {} } = submission.jobs.get(job) ?? {};
    const title = [`**${escapeMarkdown(stage)}**`, renderParametersCode(parameters)].filter((part) => part !== "");
    return [`${title.join(" ")}\n\n!${link}`];
  });
  const more = figures.length - MAX_FIGURES;
  return [...blocks, ...(more > 0 ? [`_and ${more} more pictures_`] : [])];
}
