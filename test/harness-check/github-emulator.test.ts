import { expect, test } from "vitest";
import { startGitHubEmulator } from "../harness/github-emulator.ts";

test("opens a pull request whose event has what GitHub's has", async () => {
  await using github = await startGitHubEmulator({ owner: "lab", repository: "study" });
  const pull = await github.openPullRequest({ branch: "more-seeds", title: "Try more seeds" });
  expect(pull.number).toBe(1);
  expect(pull.headSha).toMatch(/^[0-9a-f]{40}$/);
  expect(pull.headSha).not.toBe(pull.baseSha);
  expect(pull.event).toMatchObject({
    action: "opened",
    number: 1,
    pull_request: {
      number: 1,
      title: "Try more seeds",
      head: { ref: "more-seeds", sha: pull.headSha },
      base: { ref: "main", sha: pull.baseSha },
    },
    repository: { id: github.repositoryId, full_name: "lab/study", owner: { id: github.ownerId, login: "lab" } },
    sender: { login: github.actor },
  });
});

test("moves the pull request's head with a push", async () => {
  await using github = await startGitHubEmulator();
  const pull = await github.openPullRequest({ branch: "fix", title: "Fix" });
  const pushed = await github.pushCommit(pull);
  expect(pushed.headSha).not.toBe(pull.headSha);
  expect(pushed.event).toMatchObject({
    action: "synchronize",
    number: pull.number,
    pull_request: { head: { sha: pushed.headSha } },
  });
});

test("reads back the check run and the comment that an App wrote", async () => {
  await using github = await startGitHubEmulator();
  const pull = await github.openPullRequest({ branch: "fix", title: "Fix" });
  const token = await github.createInstallationToken();
  const root = `/repos/${github.fullName}`;
  const output = { title: "12 jobs", summary: "all done", text: "log" };
  const body = { name: "simulation", head_sha: pull.headSha, status: "completed", conclusion: "success", output };
  await github.request("POST", `${root}/check-runs`, { token, body });
  await github.request("POST", `${root}/issues/${pull.number}/comments`, { token, body: { body: "pi = 3.14" } });

  expect(await github.readCheckRuns(pull.headSha)).toMatchObject([
    { name: "simulation", conclusion: "success", output },
  ]);
  expect(await github.readComments(pull.number)).toMatchObject([
    { body: "pi = 3.14", user: { login: "repx-app[bot]" } },
  ]);
  await expect(github.request("GET", "/repos/lab/nothing")).rejects.toThrow("answered 404");
});
