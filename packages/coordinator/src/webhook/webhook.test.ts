import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { ErrorAnswer } from "@repx/core/model";
import { expect, test } from "vitest";
import * as z from "zod";
import { acceptWebhook } from "./accept-webhook.ts";
import { groupTasks } from "./plan-tasks.ts";
import { isSigned } from "./signature.ts";
import { readTask } from "./task.ts";
import { outcomeOf, press, readTasks, RECORDED, REPOSITORY_ID, sendWebhook } from "./webhook.fixture.ts";

const SUBMISSION = "s0123456789abcdefghijklmno";

async function refusal(answer: Response) {
  return { status: answer.status, ...ErrorAnswer.parse(await answer.json()).error };
}

const rerun = press("hook/web", `${SUBMISSION}/simulation`, "octocat");

test.each([
  ["no signature", { signature: undefined }, /there is none/],
  ["the signature of another secret", { secret: "another-secret-altogether" }, /not that of this body/],
  ["a signature of another kind", { signature: `sha1=${"0".repeat(40)}` }, /not that of this body/],
  ["half a signature", { signature: "sha256=00" }, /not that of this body/],
])("refuses a webhook with %s", async (_, sending, message) => {
  expect(await refusal(await sendWebhook("check_run", rerun, sending))).toMatchObject({
    status: 401,
    code: "AUTH_SIGNATURE_INVALID",
    message: expect.stringMatching(message),
  });
});

test("a signature is GitHub's own example, and is not that of a body with one byte changed", () => {
  // docs.github.com, "Validating webhook deliveries", testing the validation.
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const bytes = new TextEncoder().encode("Hello, World!");
  expect(isSigned("It's a Secret to Everybody", bytes, signature)).toBe(true);
  expect(isSigned("It's a Secret to Everybody", new TextEncoder().encode("Hello, World?"), signature)).toBe(false);
});

test("parses nothing of a body that is not signed", async () => {
  const answer = await sendWebhook("check_run", "{ not JSON", { secret: "another-secret-altogether" });
  expect(await refusal(answer)).toMatchObject({ code: "AUTH_SIGNATURE_INVALID" });
  expect(await refusal(await sendWebhook("check_run", "{ not JSON"))).toMatchObject({ code: "COORD_REQUEST_INVALID" });
});

test("takes no webhook without a secret", async () => {
  const request = new Request("https://coordinator.test/webhook", { method: "POST", body: "{}" });
  const { GITHUB_WEBHOOK_SECRET: _, ...rest } = env;
  await expect(acceptWebhook(request, rest)).rejects.toMatchObject({ code: "COORD_NOT_CONFIGURED" });
});

test("refuses a body of more than 5 MB", async () => {
  const answer = await sendWebhook("check_run", " ".repeat(5_000_001));
  expect(await refusal(answer)).toMatchObject({ status: 413, code: "COORD_REQUEST_TOO_LARGE" });
});

test("stores a delivery once, however often it comes", async () => {
  const sending = { delivery: "11111111-2222-3333-4444-555555555555" };
  expect(await outcomeOf(await sendWebhook("check_run", rerun, sending))).toBe("202 stored");
  for (const _ of ["again", "and again"]) {
    expect(await outcomeOf(await sendWebhook("check_run", rerun, sending))).toBe("200 known");
  }
  expect((await readTasks()).filter(({ id }) => id === sending.delivery)).toHaveLength(1);
});

test("answers a ping, and has nothing to do for events that it does not know", async () => {
  expect(await outcomeOf(await sendWebhook("ping", { zen: "Keep it logically awesome." }))).toBe("200 pong");
  expect(await outcomeOf(await sendWebhook("star", { action: "created" }))).toBe("202 ignored");
  expect(await outcomeOf(await sendWebhook("push", {}))).toBe("202 ignored");
});

test("says which field of a signed payload is missing", async () => {
  const answer = await sendWebhook("check_run", { ...rerun, repository: { id: 1 } });
  expect(await refusal(answer)).toMatchObject({ status: 400, message: expect.stringMatching(/repository\.full_name/) });
});

test.each([
  ["our own bot", press("hook/web", `${SUBMISSION}/simulation`, "repx-app[bot]")],
  ["another App", press("hook/web", `${SUBMISSION}/simulation`, "octocat", undefined, { id: 99, slug: "repx-app" })],
])("I-28: a re-run of a check of, or by, %s is ignored", async (_, payload) => {
  expect(await outcomeOf(await sendWebhook("check_run", payload))).toBe("202 ignored");
});

test.each([
  ["an id that is not ours", press("hook/web", "build-17", "octocat")],
  ["an id with a part too many", press("hook/web", `${SUBMISSION}/simulation/2/3`, "octocat")],
  ["no id", press("hook/web", "", "octocat")],
  ["a button that is not ours", press("hook/web", `${SUBMISSION}/simulation`, "octocat", "merge")],
])("ignores a check with %s", async (_, payload) => {
  expect(await outcomeOf(await sendWebhook("check_run", payload))).toBe("202 ignored");
});

const Example = z.looseObject({ action: z.string().optional() });
const OwnCheck = z.looseObject({ app: z.looseObject({ id: z.int() }) });

/** Recorded payloads that were sent to an App, with our id in the check where there is one. */
function recordedOf(event: string, action: string) {
  return (RECORDED.get(event) ?? []).filter(
    (example) => Example.parse(example).action === action && "installation" in example,
  );
}

test.each([
  ["rerequested", { work: { kind: "rerun", submission: SUBMISSION, run: "simulation" } }],
  ["requested_action", { ignored: "a button that is not ours" }],
])("reads what GitHub sent for check_run.%s", (action, expected) => {
  const examples = recordedOf("check_run", action);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    const check = { ...OwnCheck.parse(example["check_run"]), external_id: `${SUBMISSION}/simulation/2` };
    expect(readTask("check_run", { ...example, check_run: check }, check.app.id)).toMatchObject(expected);
  }
});

test("reads what GitHub sent for check_suite.rerequested", () => {
  const examples = recordedOf("check_suite", "rerequested");
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    const { id } = OwnCheck.parse(example["check_suite"]).app;
    expect(readTask("check_suite", example, id)).toMatchObject({ work: { kind: "rerun-commit" } });
  }
});

test.each(["opened", "synchronize", "reopened", "closed"])("reads what GitHub sent for pull_request.%s", (action) => {
  const examples = recordedOf("pull_request", action);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    const reading = readTask("pull_request", example, 1);
    const kind = "work" in reading ? reading.work.kind : reading.ignored;
    expect(kind).toMatch(action === "closed" ? /^close$/ : /^(show-approval|not from a fork)$/);
  }
});

test("every recorded event of the kinds that we subscribe to is read without a complaint", () => {
  const all = [...RECORDED].flatMap(([event, examples]) => examples.map((example) => ({ event, example })));
  const sent = all.filter(({ example }) => "installation" in example);
  expect(sent.length).toBeGreaterThan(20);
  for (const { event, example } of sent) expect(() => readTask(event, example, 1)).not.toThrow();
});

function readPress(id: string, run: string, login: string) {
  const reading = readTask("check_run", press("hook/web", `${SUBMISSION}/${run}`, login), 12_345);
  if (!("work" in reading)) throw new Error("no task");
  return { ...reading, id, at: 1, tries: 0 };
}

test("the presses of one person on checks of one submission are one task", () => {
  const tasks = [readPress("a", "one", "octocat"), readPress("b", "two", "octocat"), readPress("c", "two", "owner")];
  expect(groupTasks([...tasks, readPress("d", "one", "octocat")]).map(({ ids, runs }) => ({ ids, runs }))).toEqual([
    { ids: ["a", "b", "d"], runs: ["one", "two"] },
    { ids: ["c"], runs: ["two"] },
  ]);
});

test("forgets deliveries that GitHub can no longer send again", async () => {
  const old = { delivery: "old-delivery" };
  await sendWebhook("check_run", rerun, old);
  const stub = env.WEBHOOKS.getByName(String(REPOSITORY_ID));
  await runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec("UPDATE delivery SET at = ? WHERE id = 'old-delivery'", Date.now() - 9 * 24 * 3_600_000);
  });
  expect(await outcomeOf(await sendWebhook("check_run", rerun))).toBe("202 stored");
  const left = await runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec("SELECT id FROM delivery WHERE id = 'old-delivery'").toArray(),
  );
  expect(left).toEqual([]);
});
