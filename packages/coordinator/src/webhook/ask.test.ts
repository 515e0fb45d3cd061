import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SubmissionId, SubmissionReceipt } from "@repx/core/model";
import { afterAll, afterEach, expect, test } from "vitest";
import {
  event,
  HEAD_SHA,
  objectOf,
  readGithub,
  registerAndWait,
  report,
  send,
  setFaults,
  settleAll,
  signIdToken,
  submissionBody,
  waitForGithub,
} from "../coordinator.fixture.ts";
import { MAX_TRIES } from "./plan-tasks.ts";
import {
  carryOutAll,
  numberOf,
  expireAll,
  outcomeOf,
  press,
  readTasks,
  renderPlace,
  sendWebhook,
} from "./webhook.fixture.ts";

afterEach(async () => {
  await carryOutAll();
});
afterAll(settleAll);

/** Registers, and lets run `simulation` fail and `analysis` be skipped. */
async function fail(repository: string): Promise<SubmissionReceipt> {
  const receipt = await registerAndWait(repository);
  await report(receipt, [
    event(1, { state: "FAILED", exitCode: 3 }),
    event(2),
    event(0, { state: "CANCELLED", reason: "DependencyNeverSatisfied" }),
  ]);
  await tell(receipt);
  return receipt;
}

async function tell(receipt: { readonly id: string }): Promise<void> {
  await runDurableObjectAlarm(objectOf(receipt));
}

/** Presses `Re-run` or a button, and waits until GitHub was told all of it. */
async function pressAndWait(repository: string, receipt: SubmissionReceipt, login: string, button?: string) {
  const payload = press(repository, `${receipt.id}/simulation`, login, button);
  expect(await outcomeOf(await sendWebhook("check_run", payload))).toBe("202 stored");
  await carryOutAll();
  await tell(receipt);
  const { checks, writes } = await readGithub(repository);
  const simulation = checks.filter((check) => check.name === "repx / simulation");
  return { simulation, dispatches: writes.filter((write) => write.startsWith("dispatch")) };
}

const INPUTS = `{"head-sha":"0123456789abcdef0123456789abcdef01234567","pull-request":"7","runs":"simulation","asked-by":"octocat"}`;

test.each([
  ["ask/again", undefined],
  ["ask/again-failed", "rerun-failed"],
])("I-27: a re-run in %s is another check of the same name, and a workflow run", async (repository, button) => {
  const receipt = await fail(repository);
  const { simulation, dispatches } = await pressAndWait(repository, receipt, "octocat", button);
  expect(simulation).toMatchObject([
    { status: "completed", conclusion: "failure", external_id: `${receipt.id}/simulation` },
    {
      status: "queued",
      external_id: `${receipt.id}/simulation/2`,
      output: { title: "re-run asked by octocat", summary: expect.stringContaining("asked by @\u200boctocat at 20") },
    },
  ]);
  expect(dispatches).toEqual([`dispatch experiment.yml main ${INPUTS}`]);
});

test("a person with many checks to run again starts one workflow run", async () => {
  const receipt = await fail("ask/many");
  for (const run of ["simulation", "analysis", "simulation"]) {
    await sendWebhook("check_run", press("ask/many", `${receipt.id}/${run}`, "owner"));
  }
  await carryOutAll();
  await tell(receipt);
  const { checks, writes } = await readGithub("ask/many");
  const dispatches = writes.filter((write) => write.startsWith("dispatch"));
  expect(dispatches).toEqual([expect.stringContaining('"runs":"simulation analysis","asked-by":"owner"')]);
  expect(checks.filter((check) => check.status === "queued")).toHaveLength(2);
});

test("a delivery that comes twice starts one workflow run", async () => {
  const receipt = await fail("ask/twice");
  const payload = press("ask/twice", `${receipt.id}/simulation`, "octocat");
  for (const _ of ["first", "second"]) {
    await sendWebhook("check_run", payload, { delivery: "delivery-twice" });
    await carryOutAll();
  }
  const { writes } = await readGithub("ask/twice");
  expect(writes.filter((write) => write.startsWith("dispatch"))).toHaveLength(1);
});

test.each([
  ["a person who may only read", "reader"],
  ["a stranger", "stranger"],
  ["a person who took over the login of another", "renamed"],
  ["another App", "other-app[bot]"],
])("a re-run is refused to %s, and the check says so", async (_, login) => {
  const repository = `ask/refused-${login.replace("[bot]", "-bot")}`;
  const receipt = await fail(repository);
  const { simulation, dispatches } = await pressAndWait(repository, receipt, login);
  expect(dispatches).toEqual([]);
  expect(simulation).toMatchObject([
    {
      status: "completed",
      conclusion: "failure",
      output: {
        title: expect.stringMatching(/^re-run refused; failed/),
        summary: expect.stringMatching(/asked by @\u200b.*write access to this repository/),
      },
    },
  ]);
});

test("who may not ask does not conclude the check of a re-run that is under way", async () => {
  const receipt = await fail("ask/meanwhile");
  await pressAndWait("ask/meanwhile", receipt, "octocat");
  const { simulation } = await pressAndWait("ask/meanwhile", receipt, "reader");
  expect(simulation.map(({ status }) => status)).toEqual(["completed", "queued"]);
});

test.each([
  ["ask/without-workflow", /there is no `\.github\/workflows\/experiment\.yml` .*Copy repx's/],
  ["ask/old-workflow", /takes other inputs\. Copy/],
])("says in the check why no workflow was started in %s", async (repository, reason) => {
  const receipt = await fail(repository);
  const { simulation } = await pressAndWait(repository, receipt, "octocat");
  expect(simulation.at(-1)).toMatchObject({
    status: "completed",
    conclusion: "failure",
    output: {
      title: expect.stringMatching(/^re-run not started; failed/),
      summary: expect.stringMatching(reason),
    },
  });
  expect((await readTasks()).filter(({ id }) => !id.startsWith("expire:"))).toEqual([]);
});

test("asks GitHub again after an outage, not for ever, and then says so", async () => {
  const receipt = await fail("ask/outage");
  await setFaults("ask/outage", [{ status: 503, times: 99 }]);
  await sendWebhook("check_run", press("ask/outage", `${receipt.id}/simulation`, "octocat"), { delivery: "outage" });
  for (let tries = 1; tries < MAX_TRIES; tries += 1) {
    await carryOutAll();
    const [task] = (await readTasks()).filter(({ id }) => id === "outage");
    expect(task?.tries).toBe(tries);
    expect(task?.due_at).toBeGreaterThan(Date.now());
  }
  await carryOutAll();
  expect((await readTasks()).filter(({ id }) => id === "outage")).toEqual([]);
  await setFaults("ask/outage", []);
  await tell(receipt);
  const { checks } = await readGithub("ask/outage");
  expect(checks.findLast((check) => check.name === "repx / simulation")).toMatchObject({
    conclusion: "failure",
    output: { summary: expect.stringMatching(/answered 503 .*Actions: write/) },
  });
});

test("a workflow is started once GitHub is back", async () => {
  const receipt = await fail("ask/back");
  await setFaults("ask/back", [{ status: 503, times: 1 }]);
  await sendWebhook("check_run", press("ask/back", `${receipt.id}/simulation`, "octocat"));
  await carryOutAll();
  await carryOutAll();
  const dispatches = (await readGithub("ask/back")).writes.filter((write) => write.startsWith("dispatch"));
  expect(dispatches.at(-1)).toBe(`dispatch experiment.yml main ${INPUTS}`);
});

test("cancelling starts the workflow for it, and leaves the check as it is", async () => {
  const receipt = await fail("ask/cancel");
  const { simulation, dispatches } = await pressAndWait("ask/cancel", receipt, "octocat", "cancel");
  expect(dispatches).toEqual([`dispatch cancel.yml main {"submission":"${receipt.id}","asked-by":"octocat"}`]);
  expect(simulation).toMatchObject([
    { conclusion: "failure", output: { summary: expect.stringMatching(/^\*\*cancelling asked by @\u200boctocat/) } },
  ]);
});

test("a check of another repository's submission starts nothing", async () => {
  const receipt = await fail("ask/mine");
  const payload = { ...press("ask/theirs", `${receipt.id}/simulation`, "octocat") };
  await sendWebhook("check_run", { ...payload, repository: { id: 2, full_name: "ask/theirs" } });
  await carryOutAll(2);
  expect((await readGithub("ask/theirs")).writes).toEqual([]);
  await tell(receipt);
  expect((await readGithub("ask/mine")).checks.map(({ status }) => status)).toEqual(["completed", "completed"]);
});

test("the check that was asked for concludes with its own result when the re-run's submission is there", async () => {
  const receipt = await fail("ask/successor");
  await pressAndWait("ask/successor", receipt, "octocat");
  const next = SubmissionId.parse("s0123456789abcdefghijklmno");
  await env.SUBMISSIONS.getByName(receipt.id).noteSuccessor(next, Date.now() + 1);
  await tell(receipt);
  const { checks } = await readGithub("ask/successor");
  expect(checks.filter((check) => check.name === "repx / simulation")).toMatchObject([
    { conclusion: "failure" },
    {
      status: "completed",
      conclusion: "failure",
      output: { title: expect.stringMatching(/^failed/), summary: expect.stringContaining(next) },
    },
  ]);
});

test("all checks of a commit, asked for again, are those of its newest submission", async () => {
  const [first, second] = [await fail("ask/suite"), await fail("ask/suite")];
  const suite = { head_sha: HEAD_SHA, app: { id: 12_345, slug: "repx-app" } };
  const payload = { action: "rerequested", check_suite: suite, ...renderPlace("ask/suite", "octocat") };
  expect(await outcomeOf(await sendWebhook("check_suite", payload))).toBe("202 stored");
  await carryOutAll();
  await tell(second);
  const { checks, writes } = await readGithub("ask/suite");
  const dispatches = writes.filter((write) => write.startsWith("dispatch"));
  expect(dispatches).toEqual([expect.stringContaining('"runs":"simulation analysis"')]);
  expect(checks.filter((check) => check.status === "queued").map((check) => check.external_id)).toEqual([
    `${second.id}/simulation/2`,
    `${second.id}/analysis/2`,
  ]);
  expect(first.id).not.toBe(second.id);
});

test("I-29: the workflow run again registers anew, and the checks of before say that others count", async () => {
  const first = await fail("ask/attempt");
  const token = await signIdToken({ repository: "ask/attempt", run_attempt: "2" });
  const answer = await send("POST", "/api/submissions", token, submissionBody(2));
  expect(answer.status).toBe(201);
  const second = SubmissionReceipt.parse(await answer.json());
  await waitForGithub("ask/attempt", ({ checks }) => checks.length === 4);
  await tell(second);
  await tell(first);
  const { checks } = await readGithub("ask/attempt");
  const said = checks.map(({ external_id: id, output }) => ({
    id,
    isOver: JSON.stringify(output).includes("took over"),
  }));
  expect(said).toEqual([
    { id: `${first.id}/simulation`, isOver: true },
    { id: `${first.id}/analysis`, isOver: true },
    { id: `${second.id}/simulation`, isOver: false },
    { id: `${second.id}/analysis`, isOver: false },
  ]);
});

test.each([
  ["cancel", 1],
  ["keep", 0],
])("a closed pull request's open submissions: %s", async (onClose, count) => {
  const repository = `ask/close-${onClose}`;
  const number = numberOf(repository);
  const token = await signIdToken({ repository, repository_id: String(number) });
  await send("POST", "/api/submissions", token, submissionBody(2, { policy: { onClose } }));
  await waitForGithub(repository, ({ checks }) => checks.length === 2);
  const entry = { pullRequest: 7, isOpen: true };
  await expect.poll(async () => env.REPOSITORIES.getByName(String(number)).listSubmissions(entry)).not.toEqual([]);
  const side = { sha: HEAD_SHA, repo: { id: 1 } };
  const pull = { number: 7, head: side, base: side, user: null };
  await sendWebhook("pull_request", {
    action: "closed",
    pull_request: pull,
    ...renderPlace(repository, "reader", number),
  });
  await carryOutAll(number);
  const { writes } = await readGithub(repository);
  expect(writes.filter((write) => write.startsWith("dispatch cancel.yml"))).toHaveLength(count);
});

test("a re-run that comes to nothing within a day is said to have failed", async () => {
  const receipt = await fail("ask/lost");
  await pressAndWait("ask/lost", receipt, "octocat");
  const waiting = (await readTasks()).filter(({ id }) => id.startsWith("expire:"));
  const last = Math.max(...waiting.map((task) => task.due_at));
  expect((last - Date.now()) / 3_600_000).toBeGreaterThan(24);
  await expireAll();
  await tell(receipt);
  const { checks } = await readGithub("ask/lost");
  expect(checks.findLast((check) => check.name === "repx / simulation")).toMatchObject({
    status: "completed",
    conclusion: "failure",
    output: { summary: expect.stringMatching(/no submission has come of it within a day/) },
  });
});
