import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  CommitSha,
  followSubmission,
  int,
  object,
  openHost,
  readInputs,
  readRoute,
  renderSummary,
  renderVerdicts,
  stopWith,
  submitExperiment
} from "./chunk-NKLV4ZK2.js";
import {
  RepxError
} from "./chunk-3YIHOVZP.js";

// src/main.ts
import { fileURLToPath } from "node:url";

// src/commit.ts
var PullRequestEvent = object({
  pull_request: object({ number: int().positive(), head: object({ sha: CommitSha }) })
});
function readCommit(event) {
  if (event.name === "pull_request" || event.name === "pull_request_target") {
    const parsed = PullRequestEvent.safeParse(event.payload);
    if (parsed.success) {
      const { number, head } = parsed.data.pull_request;
      return { headSha: head.sha, pullRequest: number };
    }
    throw new RepxError("INPUT_INVALID", `the event \`${event.name}\` names no pull request`, {
      hint: "Run the Action on `pull_request`, `push` or `workflow_dispatch`.",
      cause: parsed.error
    });
  }
  const sha = CommitSha.safeParse(event.sha);
  if (sha.success) return { headSha: sha.data, pullRequest: void 0 };
  throw new RepxError("INPUT_INVALID", `GITHUB_SHA is not a commit: ${event.sha}`, {
    hint: "Run the Action in a workflow of GitHub Actions."
  });
}

// src/reporter.ts
var WIDTH = 9;
function openReporter(printLine, now, everyMs = 2e3) {
  let startedAt = now();
  let printedAt = 0;
  return {
    start: () => {
      startedAt = now();
      printedAt = 0;
    },
    progress: (step, fraction, detail) => {
      if (now() - printedAt < everyMs) return;
      printedAt = now();
      printLine(`${step.padEnd(WIDTH)}${String(Math.floor(fraction * 100)).padStart(3)} %  ${detail}`);
    },
    finish: (step, detail) => {
      printLine(`${step.padEnd(WIDTH)}${((now() - startedAt) / 1e3).toFixed(1).padStart(5)} s  ${detail}`);
    }
  };
}

// src/run.ts
async function run(host2, programs) {
  const inputs = readInputs(host2);
  const commit = readCommit(host2.event);
  const reporter = openReporter(
    (line) => host2.printLine(line),
    () => Date.now()
  );
  const outcome = await submitExperiment({
    ...readRoute(host2, inputs, programs),
    lab: inputs.lab,
    runs: inputs.runs,
    commit,
    isMergeQueue: host2.event.name === "merge_group",
    coordinator: { origin: inputs.coordinator, requestIdToken: () => requestIdToken(host2, inputs) },
    watch: {
      reporter,
      onRegistered: (submission) => {
        host2.addMask(submission.token);
        host2.saveState("submission", submission.id);
        host2.saveState("token", submission.token);
      }
    }
  });
  host2.saveState("submitted", "true");
  host2.setOutput("submission", outcome.id);
  host2.setOutput("lab-hash", outcome.labHash);
  host2.setOutput("jobs", outcome.jobs.size);
  const reused = outcome.jobs.size - outcome.submitted - outcome.shared;
  const waited = outcome.shared === 0 ? "" : `, ${outcome.shared} that other submissions have in the queue waited for`;
  const { url } = outcome.registration;
  host2.setOutput("reused", reused);
  host2.setOutput("url", url);
  await host2.appendSummary(renderSummary(outcome));
  host2.printLine(
    reused === outcome.jobs.size ? `nothing to submit: all ${outcome.jobs.size} jobs had succeeded before. ${url}` : `${outcome.submitted} of ${outcome.jobs.size} jobs submitted, ${reused} reused${waited}. Follow them at ${url}`
  );
  if (inputs.wait) await waitForEnd(host2, inputs, outcome.registration, reporter);
}
async function requestIdToken(host2, inputs) {
  const token = host2.requestIdToken(inputs.coordinator);
  if (token !== void 0) {
    return token.catch((cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RepxError("GITHUB_UNREACHABLE", `GitHub gave no OIDC token: ${reason}`, {
        hint: "Run the workflow again; see https://www.githubstatus.com when it stays so.",
        cause
      });
    });
  }
  throw new RepxError("AUTH_ID_TOKEN_MISSING", "the workflow may not ask GitHub for an OIDC token", {
    hint: "Add `permissions: { id-token: write, contents: read }` to the job. Pull requests from forks never get one."
  });
}
async function waitForEnd(host2, inputs, submission, reporter) {
  const view = await followSubmission(inputs.coordinator, submission, reporter);
  for (const { name, verdict, title } of view.runs) {
    host2.printLine(`${name}: ${title}`);
    if (verdict !== "success")
      host2.annotateError(`repx / ${name}`, `${title}
The check has the failed jobs with the ends of their logs.`);
  }
  await host2.appendSummary(renderVerdicts(view.runs));
  if (view.runs.some((summary) => summary.verdict !== "success")) process.exitCode = 1;
}

// src/main.ts
var host = openHost();
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.on("unhandledRejection", (error) => void stopWith(host, error));
try {
  await run(host, fileURLToPath(new URL("./target", import.meta.url)));
} catch (error) {
  await stopWith(host, error);
}
process.exit();
