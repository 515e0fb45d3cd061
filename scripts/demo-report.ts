import type { StoryResult } from "./demo-story.ts";

/** Renders the end of a demo: checks, comment, where the outputs lie, what to do next. */
export function renderReport(result: StoryResult): string {
  const width = Math.max(...result.checks.map(({ name }) => name.length));
  const checks = result.checks.map(
    ({ name, conclusion, title }) =>
      `  ${conclusion === "success" ? "ok  " : "FAIL"}  ${name.padEnd(width)}  ${conclusion}: ${title}`,
  );
  const total = result.steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const submitted = result.jobs - result.reused;
  return [
    "",
    `Checks of pull request #${result.pullRequest}`,
    ...checks,
    "",
    "The comment",
    ...result.comment
      .replaceAll(/<!--.*?-->\n*/gs, "")
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    "",
    `Outputs: ${result.outputs}/<job>/out`,
    submitted === 0
      ? `Nothing was submitted: all ${result.jobs} jobs had succeeded before. (${total.toFixed(1)} s)`
      : `${submitted} jobs ran, ${result.reused} were reused. Run it again: nothing will run twice. (${total.toFixed(1)} s)`,
  ].join("\n");
}
