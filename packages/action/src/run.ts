import { followSubmission, submitExperiment } from "@repx/core";
import { RepxError } from "@repx/core/model";
import { readCommit } from "./commit.ts";
import type { Host } from "./host.ts";
import { readInputs, type Inputs } from "./inputs.ts";
import { openReporter } from "./reporter.ts";
import { readRoute } from "./route.ts";
import { renderSummary, renderVerdicts } from "./summary.ts";

/** The Action's story: read the inputs, submit, tell the workflow; with `wait`, stay until the end. */
export async function run(host: Host, programs: string): Promise<void> {
  const inputs = readInputs(host);
  const commit = readCommit(host.event);
  const reporter = openReporter(
    (line) => host.printLine(line),
    () => Date.now(),
  );
  const outcome = await submitExperiment({
    ...readRoute(host, inputs, programs),
    lab: inputs.lab,
    runs: inputs.runs,
    commit,
    isMergeQueue: host.event.name === "merge_group",
    coordinator: { origin: inputs.coordinator, requestIdToken: () => requestIdToken(host, inputs) },
    watch: {
      reporter,
      onRegistered: (submission) => {
        host.addMask(submission.token);
        host.saveState("submission", submission.id);
        host.saveState("token", submission.token);
      },
    },
  });
  host.saveState("submitted", "true");
  host.setOutput("submission", outcome.id);
  host.setOutput("lab-hash", outcome.labHash);
  host.setOutput("jobs", outcome.jobs.size);
  const reused = outcome.jobs.size - outcome.submitted - outcome.shared;
  const waited = outcome.shared === 0 ? "" : `, ${outcome.shared} that other submissions have in the queue waited for`;
  const { url } = outcome.registration;
  host.setOutput("reused", reused);
  host.setOutput("url", url);
  await host.appendSummary(renderSummary(outcome));
  host.printLine(
    reused === outcome.jobs.size
      ? `nothing to submit: all ${outcome.jobs.size} jobs had succeeded before. ${url}`
      : `${outcome.submitted} of ${outcome.jobs.size} jobs submitted, ${reused} reused${waited}. Follow them at ${url}`,
  );
  if (inputs.wait) await waitForEnd(host, inputs, outcome.registration, reporter);
}

async function requestIdToken(host: Host, inputs: Inputs): Promise<string> {
  const token = host.requestIdToken(inputs.coordinator);
  if (token !== undefined) {
    return token.catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RepxError("GITHUB_UNREACHABLE", `GitHub gave no OIDC token: ${reason}`, {
        hint: "Run the workflow again; see https://www.githubstatus.com when it stays so.",
        cause,
      });
    });
  }
  throw new RepxError("AUTH_ID_TOKEN_MISSING", "the workflow may not ask GitHub for an OIDC token", {
    hint: "Add `permissions: { id-token: write, contents: read }` to the job. Pull requests from forks never get one.",
  });
}

async function waitForEnd(
  host: Host,
  inputs: Inputs,
  submission: Parameters<typeof followSubmission>[1],
  reporter: Parameters<typeof followSubmission>[2],
): Promise<void> {
  const view = await followSubmission(inputs.coordinator, submission, reporter);
  for (const { name, verdict, title } of view.runs) {
    host.printLine(`${name}: ${title}`);
    if (verdict !== "passed")
      host.annotateError(`repx / ${name}`, `${title}\nThe check has the failed jobs with the ends of their logs.`);
  }
  await host.appendSummary(renderVerdicts(view.runs));
  if (view.runs.some((summary) => summary.verdict !== "passed")) process.exitCode = 1;
}
