import { afterAll, expect, test } from "vitest";
import { HEAD_SHA, readGithub, setFaults, settleAll } from "../coordinator.fixture.ts";
import { carryOutAll, numberOf, outcomeOf, press, renderPlace, sendWebhook } from "./webhook.fixture.ts";

afterAll(settleAll);

const FORK = 77;
const BASE = 1;

function pullRequest(repository: string, action: string, fields: object = {}): object {
  return {
    action,
    pull_request: {
      number: 7,
      head: { sha: HEAD_SHA, repo: { id: FORK } },
      base: { sha: "b".repeat(40), repo: { id: BASE } },
      user: { id: 5, login: "mallory_x" },
      ...fields,
    },
    ...renderPlace(repository, "mallory_x", numberOf(repository)),
  };
}

async function open(repository: string, action = "opened", fields: object = {}) {
  await sendWebhook("pull_request", pullRequest(repository, action, fields));
  await carryOutAll(numberOf(repository));
  return (await readGithub(repository)).checks;
}

function pressApproval(repository: string, login: string, button: string | undefined, number = 7): object {
  return press(repository, `approval/${number}/${HEAD_SHA}`, login, button, undefined, numberOf(repository));
}

async function approveAs(repository: string, login: string, number = 7) {
  await sendWebhook("check_run", pressApproval(repository, login, "approve", number));
  await carryOutAll(numberOf(repository));
  const { checks, writes } = await readGithub(repository);
  return { check: checks[0], dispatches: writes.filter((write) => write.startsWith("dispatch")) };
}

test.each(["opened", "reopened", "synchronize"])(
  "I-33: a pull request from a fork that is %s waits for approval",
  async (action) => {
    const checks = await open(`fork/fork-${action}`, action);
    expect(checks).toMatchObject([
      {
        name: "repx / approval",
        head_sha: HEAD_SHA,
        status: "completed",
        conclusion: "action_required",
        external_id: `approval/7/${HEAD_SHA}`,
        output: {
          title: "0123456 is from a fork and waits for approval",
          summary: expect.stringMatching(/by @\u200bmallory\\_x comes from a fork/),
        },
        actions: [{ label: "Approve and run", identifier: "approve" }],
      },
    ]);
  },
);

test("a pull request whose fork was deleted waits too, one of the repository itself does not", async () => {
  expect(await open("fork/no-fork", "opened", { head: { sha: HEAD_SHA, repo: null } })).toHaveLength(1);
  expect(await open("fork/own-branch", "opened", { head: { sha: HEAD_SHA, repo: { id: BASE } } })).toEqual([]);
});

test("I-33: a person with write access lets the commit run, and the check says who", async () => {
  await open("fork/approved");
  const { check, dispatches } = await approveAs("fork/approved", "octocat");
  expect(dispatches).toEqual([
    `dispatch experiment.yml main {"head-sha":"${HEAD_SHA}","pull-request":"7","runs":"","asked-by":"octocat"}`,
  ]);
  expect(check).toMatchObject({
    conclusion: "success",
    output: { title: "approved by octocat for 0123456", summary: expect.stringContaining(HEAD_SHA) },
    actions: [],
  });
  expect((await approveAs("fork/approved", "octocat")).dispatches).toHaveLength(1);
});

test("the check of another commit approves nothing", async () => {
  const id = `approval/7/${"c".repeat(40)}`;
  const answer = await sendWebhook("check_run", press("fork/other-commit", id, "octocat", "approve"));
  expect(await outcomeOf(answer)).toBe("202 ignored");
});

test("another commit of the same pull request waits for another approval", async () => {
  await open("fork/pushed");
  await approveAs("fork/pushed", "octocat");
  const head = { sha: "c".repeat(40), repo: { id: FORK } };
  const checks = await open("fork/pushed", "synchronize", { head });
  expect(checks.map((check) => [check["head_sha"], check["conclusion"]])).toEqual([
    [HEAD_SHA, "success"],
    ["c".repeat(40), "action_required"],
  ]);
});

test.each([
  ["reader", 7, /@\u200breader pressed the button: approving needs write access/],
  ["mallory_x", 7, /needs write access/],
  ["octocat", 8, /but the pull request is closed/],
  ["octocat", 9, /but it is at `f{40}` by now/],
])("I-33: an approval by %s of pull request %i does not count", async (login, number, note) => {
  const repository = `fork/unapproved-${login.replace("_", "-")}-${number}`;
  await open(repository, "opened", { number });
  const { check, dispatches } = await approveAs(repository, login, number);
  expect(dispatches).toEqual([]);
  expect(check).toMatchObject({
    conclusion: "action_required",
    output: { summary: expect.stringMatching(note) },
    actions: [{ identifier: "approve" }],
  });
});

test("an approval says why no workflow was started, and can be given again", async () => {
  await open("fork/without-workflow");
  const { check } = await approveAs("fork/without-workflow", "octocat");
  expect(check).toMatchObject({
    conclusion: "action_required",
    output: { summary: expect.stringMatching(/experiment\.yml.*Copy/) },
  });
});

test("the check is found again when GitHub's answer to its creation was lost", async () => {
  await setFaults("fork/lost-check", [{ status: 500, isApplied: true }]);
  await open("fork/lost-check");
  await carryOutAll(numberOf("fork/lost-check"));
  expect((await readGithub("fork/lost-check")).checks).toHaveLength(1);
});

test("`Re-run` on the check approves nothing and brings it back", async () => {
  await open("fork/rerun-approval");
  const payload = pressApproval("fork/rerun-approval", "octocat", undefined);
  expect(await outcomeOf(await sendWebhook("check_run", payload))).toBe("202 stored");
  await carryOutAll(numberOf("fork/rerun-approval"));
  const { writes } = await readGithub("fork/rerun-approval");
  expect(writes.filter((write) => write !== "list checks")).toEqual([
    "create repx / approval completed",
    "update repx / approval completed",
  ]);
});
