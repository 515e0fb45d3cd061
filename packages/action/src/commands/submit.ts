import { submitExperiment, type ExperimentOutcome } from "@repx/core";
import { RepxError } from "@repx/core/model";
import type { ActionCall } from "../call.ts";
import { readCommit, type Commit } from "../commit.ts";
import { showNixErrors } from "../nix-matcher.ts";
import { readFollowing, renderSummary } from "../summary.ts";
import { reportByOwnToken } from "./report-by-own-token.ts";
import { waitForCoordinator } from "./wait-for-coordinator.ts";

/** Submits and tells the workflow; with `wait`, stays until the end. Without a coordinator the step itself follows and reports. */
export async function runSubmit(call: ActionCall): Promise<void> {
  const { host, inputs } = call;
  const commit = readCommit(host.event, inputs);
  const outcome = await submit(call, commit);
  host.saveState("submitted", "true");
  const following = readFollowing(outcome, inputs.wait);
  const url = outcome.registration?.url ?? host.event.url;
  const reused = outcome.jobs.size - outcome.submitted - outcome.shared;
  const outputs = {
    submission: outcome.id,
    "lab-hash": outcome.labHash,
    target: outcome.target,
    jobs: outcome.jobs.size,
    submitted: outcome.submitted,
    shared: outcome.shared,
    reused,
    url,
  };
  for (const [name, value] of Object.entries(outputs)) host.setOutput(name, value);
  await host.appendSummary(renderSummary(outcome, following));
  host.printLine(describe(outcome, reused, url));
  if (following === "nobody") host.annotate("notice", "Nothing will report how it ends", explainSilence(outcome));
  if (following === "coordinator" && inputs.wait) await waitForCoordinator(call, outcome);
  if (following === "step") await reportByOwnToken(call, commit, outcome);
}

async function submit({ host, inputs, reporter, route }: ActionCall, commit: Commit): Promise<ExperimentOutcome> {
  const origin = inputs.coordinator;
  const coordinator =
    origin === undefined
      ? undefined
      : { origin, requestIdToken: async () => requestIdToken(host, origin), policy: inputs.policy };
  return submitExperiment({
    ...route,
    lab: inputs.lab,
    runs: inputs.runs,
    advisoryRuns: inputs.advisory,
    commit,
    isMergeQueue: host.event.name === "merge_group",
    coordinator,
    watch: {
      reporter,
      onRegistered: (submission) => {
        host.addMask(submission.token);
        host.saveState("submission", submission.id);
        host.saveState("token", submission.token);
      },
      onNamed: (id) => host.saveState("submission", id),
    },
  }).catch((error: unknown) => {
    showNixErrors(host, error, inputs.lab);
    throw error;
  });
}

function describe({ jobs, submitted, shared }: ExperimentOutcome, reused: number, url: string): string {
  if (reused === jobs.size) return `nothing to submit: all ${jobs.size} jobs had succeeded before. ${url}`.trim();
  const waited = shared === 0 ? "" : `, ${shared} that other submissions have in the queue waited for`;
  const told = `${submitted} of ${jobs.size} jobs submitted, ${reused} reused${waited}.`;
  return url === "" ? told : `${told} Follow them at ${url}`;
}

function explainSilence({ id, target }: ExperimentOutcome): string {
  return (
    `No \`coordinator\` is named, and the step does not wait. The jobs run; look with: repx status ${id} --target ${target}\n` +
    "hint: Set `wait: true`, and the step follows the jobs and writes the checks itself; or name a coordinator."
  );
}

async function requestIdToken(host: ActionCall["host"], origin: string): Promise<string> {
  const token = host.requestIdToken(origin);
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
