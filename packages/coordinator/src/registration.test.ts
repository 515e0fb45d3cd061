import { afterAll, expect, test } from "vitest";
import { SubmissionReceipt } from "@repx/core/model";
import {
  HEAD_SHA,
  jobId,
  register,
  sendUnread,
  send,
  setFaults,
  settleAll,
  signIdToken,
  submissionBody,
  view,
  waitForGithub,
} from "./coordinator.fixture.ts";

afterAll(settleAll);

async function refusal(token: string | undefined, body = submissionBody(2)) {
  const answer = await send("POST", "/api/submissions", token, body);
  return {
    status: answer.status,
    ...(await answer.json<{ error: { code: string; message: string; hint: string } }>()),
  };
}

test("registers a submission and shows its checks as queued at once", async () => {
  const answer = await send("POST", "/api/submissions", await signIdToken(), submissionBody(2));
  expect(answer.status).toBe(201);
  const receipt = SubmissionReceipt.parse(await answer.json());
  expect(receipt.url).toBe("https://github.test/lab/study/pull/7/checks");
  const { checks } = await waitForGithub("lab/study", (state) => state.checks.length === 2);
  expect(checks[0]).toMatchObject({
    name: "repx / simulation",
    status: "queued",
    head_sha: HEAD_SHA,
    external_id: `${receipt.id}/simulation`,
    details_url: `https://coordinator.test/s/${receipt.id}`,
    output: { title: expect.stringContaining("2 of 2 jobs") },
  });
});

test("points to the commit when there is no pull request", async () => {
  const token = await signIdToken({ event_name: "push", ref: "refs/heads/main" });
  const answer = await send("POST", "/api/submissions", token, submissionBody(1, { pullRequest: undefined }));
  expect(SubmissionReceipt.parse(await answer.json()).url).toBe(
    `https://github.test/lab/study/commit/${HEAD_SHA}/checks`,
  );
});

test("keeps the submission when GitHub refuses every write", async () => {
  await setFaults("lab/down", [{ status: 503, times: 1000 }]);
  const receipt = await register("lab/down");
  expect((await view(receipt)).runs.map((run) => run.verdict)).toEqual(["queued", "queued"]);
  await setFaults("lab/down", []);
});

test.each([
  [
    "a wrong audience",
    { aud: "https://elsewhere.test" },
    "AUTH_AUDIENCE_WRONG",
    /for https:\/\/elsewhere.test, this coordinator is https:\/\/coordinator.test$/,
  ],
  ["an expired token", { exp: 1_700_000_000 }, "AUTH_OIDC_INVALID", /expired/],
  ["another issuer", { iss: "https://evil.test" }, "AUTH_OIDC_INVALID", /issuer/],
  ["a token without a repository", { repository: undefined }, "AUTH_OIDC_INVALID", /repository/],
  [
    "a token of another pull request",
    { ref: "refs/pull/8/merge" },
    "AUTH_OIDC_INVALID",
    /refs\/pull\/8\/merge.*request 7/,
  ],
])("refuses %s", async (_, claims, code, message) => {
  const { error, status } = await refusal(await signIdToken(claims));
  expect(status).toBe(401);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

test.each([
  ["the old form", "repo:lab/study:pull_request"],
  ["the immutable form", "repo:lab@2/study@1:pull_request"],
  ["a form that is not known yet", "urn:github:repository:1"],
  ["none", undefined],
])("registers for the repository of the claims, whatever `sub` is: %s", async (_, sub) => {
  const token = await signIdToken({ repository: "lab/subject", ...(sub !== undefined && { sub }) });
  const answer = await send("POST", "/api/submissions", token, submissionBody(1));
  expect(answer.status).toBe(201);
  expect((await view(SubmissionReceipt.parse(await answer.json()))).repository).toBe("lab/subject");
});

test.each(["repository_id", "repository_owner_id", "actor_id", "run_id", "run_attempt"])(
  "refuses a token whose %s is no number",
  async (claim) => {
    const { error } = await refusal(await signIdToken({ [claim]: "lab" }));
    expect(error).toMatchObject({ code: "AUTH_OIDC_INVALID", message: expect.stringContaining(claim) });
  },
);

test("I-33: refuses a workflow that runs on pull_request_target, and says what to do instead", async () => {
  const { error } = await refusal(await signIdToken({ event_name: "pull_request_target", ref: "refs/heads/main" }));
  expect(error).toMatchObject({ code: "AUTH_OIDC_INVALID", hint: expect.stringContaining("Approve and run") });
});

test("refuses a token that was changed, is not one, or is missing", async () => {
  const [head, payload = "", signature] = (await signIdToken()).split(".");
  const changed = btoa(atob(payload.replaceAll("-", "+").replaceAll("_", "/")).replace("lab/study", "lab/other"));
  for (const token of [`${head}.${changed.replaceAll("=", "")}.${signature}`, "not-a-token", undefined]) {
    expect(await refusal(token)).toMatchObject({ status: 401, error: { code: "AUTH_OIDC_INVALID" } });
  }
});

test("refuses a token that was used before", async () => {
  const token = await signIdToken();
  expect((await send("POST", "/api/submissions", token, submissionBody(2))).status).toBe(201);
  expect(await refusal(token)).toMatchObject({ status: 401, error: { code: "AUTH_OIDC_INVALID" } });
});

test("says where to install the App when it is not", async () => {
  const { status, error } = await refusal(await signIdToken({ repository: "lab/without-app" }));
  expect(status).toBe(403);
  expect(error.code).toBe("AUTH_APP_NOT_INSTALLED");
  expect(error.hint).toContain("https://github.test/apps/repx-app/installations/new");
});

test.each([
  ["text that is not JSON", "{", /not JSON/],
  ["a body without runs", submissionBody(1, { runs: [] }), /runs/],
  [
    "a run whose job is not listed",
    submissionBody(1, { runs: [{ name: "a", jobs: [jobId(9)] }] }),
    /runs\.0\.jobs\.0: no such job/,
  ],
  [
    "a job listed twice in a run",
    submissionBody(1, { runs: [{ name: "a", jobs: [jobId(1), jobId(1)] }] }),
    /runs\.0\.jobs\.1/,
  ],
  [
    "a dependency that is not listed",
    submissionBody(1, {
      runs: [{ name: "a", jobs: [jobId(1)] }],
      jobs: [{ id: jobId(1), stage: "walk-1.0", parameters: {}, dependsOn: [jobId(8)], isReused: false }],
    }),
    /jobs\.0\.dependsOn\.0: no such job/,
  ],
])("refuses %s", async (_, body, message) => {
  const { status, error } = await refusal(await signIdToken(), body);
  expect(status).toBe(400);
  expect(error).toMatchObject({ code: "COORD_REQUEST_INVALID", message: expect.stringMatching(message) });
});

test.each([
  ["lab/wrong-key", 502, "GITHUB_REFUSED"],
  ["lab/github-down", 503, "GITHUB_UNREACHABLE"],
  ["lab/behind-a-proxy", 503, "GITHUB_UNREACHABLE"],
])("says that GitHub is to blame for %s", async (repository, status, code) => {
  expect(await refusal(await signIdToken({ repository }))).toMatchObject({ status, error: { code } });
});

test("says what is wrong with an answer that is not GitHub's", async () => {
  const { error } = await refusal(await signIdToken({ repository: "lab/behind-a-proxy" }));
  expect(error.message).toMatch(/^GitHub's answer is not an installation: id: /);
  expect(error.hint).toContain("proxy");
});

test.each([
  ["no token", async () => undefined],
  ["no ID token", async () => "not-a-token"],
  ["a token for another coordinator", async () => signIdToken({ aud: "https://elsewhere.test" })],
  ["a repository without the App", async () => signIdToken({ repository: "lab/without-app" })],
])("reads nothing of the body of a request with %s", async (_, makeToken) => {
  const { status, readBytes } = await sendUnread("/api/submissions", await makeToken());
  expect({ isRefused: status === 401 || status === 403, readBytes }).toEqual({ isRefused: true, readBytes: 0 });
});

const zeros = Array.from({ length: 100_000 }, () => 0);
const plain = { id: jobId(1), stage: "walk-1.0", parameters: {}, dependsOn: [], isReused: false };

test.each([
  ["jobs", { jobs: zeros }, /: jobs\.0: /],
  ["jobs of no run", { jobs: zeros, runs: undefined }, /: jobs\.0: /],
  ["runs", { runs: zeros }, /: runs\.0: /],
  ["jobs of a run", { runs: [{ name: "a", jobs: zeros }] }, /: runs\.0\.jobs\.0: /],
  ["dependencies", { jobs: [{ ...plain, dependsOn: zeros.map(() => jobId(8)) }] }, /: jobs\.0: longer than 500000 /],
])("stops at the first of very many bad %s", async (_, fields, message) => {
  const { status, error } = await refusal(await signIdToken(), submissionBody(1, fields));
  expect({ status, code: error.code }).toEqual({ status: 400, code: "COORD_REQUEST_INVALID" });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("; ");
});

test("cuts what it repeats of a body", async () => {
  const parameters = { [`k${"y".repeat(100_000)}`]: 1 };
  const { status, error } = await refusal(await signIdToken(), submissionBody(1, { jobs: [{ ...plain, parameters }] }));
  expect(status).toBe(400);
  expect(error.message).toMatch(/: jobs\.0\.parameters\.kyyy+…: \w+/);
  expect(error.message.length).toBeLessThan(300);
});

test("refuses parameters that are nested without end", async () => {
  const body = submissionBody(1, { jobs: [{ ...plain, parameters: { a: "DEEP" } }] });
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const { status, error } = await refusal(await signIdToken(), body.replace('"DEEP"', deep));
  expect(status).toBe(400);
  expect(error.message).toContain("jobs.0: nested more than 32 deep");
});

test("refuses a body of more than 20 MB", async () => {
  const { status, error } = await refusal(await signIdToken(), " ".repeat(20_000_001));
  expect({ status, code: error.code }).toEqual({ status: 413, code: "COORD_REQUEST_TOO_LARGE" });
});

test("takes a submission of 10,000 jobs", async () => {
  const receipt = await register("lab/large", 9999);
  expect((await view(receipt)).jobs).toHaveLength(10_000);
});
