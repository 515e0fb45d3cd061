import { CommitSha, JobId, LabHash, openSubmission, RunName, SubmissionId, type Submission } from "@repx/core/model";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { GitHub, GitHubAnswer } from "../host.ts";
import { openOwnReport, type ReportPlace } from "./open-report.ts";

const JOBS = [1, 2].map((nth) => JobId.parse(`${String(nth).padStart(32, "0")}-sim-1.0`));

function makeSubmission(state: "queued" | "succeeded" = "queued"): Submission {
  const [first, second] = ["simulation", "analysis"].map((name) => RunName.parse(name));
  if (first === undefined || second === undefined) throw new Error("two runs");
  const request = {
    lab: LabHash.parse("0c3f6w9x"),
    target: "cluster",
    headSha: CommitSha.parse("0".repeat(40)),
    runs: [
      { name: first, jobs: JOBS.slice(0, 1) },
      { name: second, jobs: JOBS.slice(1) },
    ],
    jobs: JOBS.map((id) => ({ id, stage: "sim-1.0", parameters: {}, dependsOn: [], isReused: false })),
  };
  const id = SubmissionId.parse("s0123456789abcdefghijklmno");
  const open = openSubmission(request, { id, repository: "lab/study" });
  return { ...open, records: new Map(JOBS.map((job) => [job, { state, attempt: 1 }])) };
}

function makeManyRuns(state: "queued" | "succeeded"): Submission {
  const runs = Array.from({ length: 8 }, (_, at) => ({ name: RunName.parse(`run-${at}`), jobs: JOBS }));
  return { ...makeSubmission(state), runs };
}

interface Stand {
  readonly place: ReportPlace;
  /** `METHOD path-template status` of each request. */
  readonly requests: { readonly route: string; readonly parameters: Readonly<Record<string, unknown>> }[];
  readonly told: string[];
}

/** A GitHub that answers by a rule, the nth request of a route being known to it. */
function startStand(
  answer: (route: string, nth: number) => Partial<GitHubAnswer>,
  change: Partial<ReportPlace> = {},
): Stand {
  const requests: Stand["requests"] = [];
  const told: string[] = [];
  const github: GitHub = {
    async request(route, parameters) {
      requests.push({ route, parameters });
      const nth = requests.filter((one) => one.route === route).length;
      return { status: 200, data: { id: requests.length }, message: "", isLimited: false, ...answer(route, nth) };
    },
  };
  const place: ReportPlace = {
    github,
    repository: "lab/study",
    pullRequest: 7,
    isFork: false,
    comment: "always",
    detailsUrl: "https://github.com/lab/study/actions/runs/1",
    tell: { annotate: (level, title, message) => told.push(`${level} ${title}: ${message}`) },
    onChecks: () => {},
    pace: { everyMs: 60_000, pauseMs: 1 },
    ...change,
  };
  return { place, requests, told };
}

const COMMENTS = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
const takeAll = (route: string): Partial<GitHubAnswer> => (route === COMMENTS ? { data: [] } : {});
const methods = ({ requests }: Stand): string[] => requests.map(({ route }) => route.split(" ")[0] ?? "");

test("checks are created in progress, updated at most as often as the pace says, and concluded", async () => {
  const stand = startStand(takeAll);
  const report = openOwnReport(stand.place);
  await report.update(makeSubmission());
  await report.update(makeSubmission("succeeded"));
  expect(methods(stand)).toEqual(["POST", "POST"]);
  expect(stand.requests[0]?.parameters).toMatchObject({
    owner: "lab",
    repo: "study",
    name: "repx / simulation",
    head_sha: "0".repeat(40),
    status: "in_progress",
  });
  await report.conclude(makeSubmission("succeeded"));
  expect(methods(stand)).toEqual(["POST", "POST", "PATCH", "PATCH", "GET", "POST"]);
  expect(stand.requests[2]?.parameters).toMatchObject({ check_run_id: 1, status: "completed", conclusion: "success" });
});

test("a submission of many runs is brought up to date less often, for the token's requests are counted", async () => {
  const stand = startStand(takeAll, { pace: { everyMs: 100, pauseMs: 1 } });
  const report = openOwnReport(stand.place);
  await report.update(makeManyRuns("queued"));
  await sleep(200);
  await report.update(makeManyRuns("succeeded"));
  expect(methods(stand)).toEqual(Array.from({ length: 8 }, () => "POST"));
  await sleep(250);
  await report.update(makeManyRuns("succeeded"));
  expect(methods(stand)).toHaveLength(16);
});

test("a check that is completed, or says the same as before, is not written again", async () => {
  const stand = startStand(takeAll, { pace: { everyMs: 0, pauseMs: 1 }, pullRequest: undefined });
  const report = openOwnReport(stand.place);
  for (const state of ["queued", "queued", "succeeded", "succeeded"] as const)
    await report.update(makeSubmission(state));
  await report.conclude(makeSubmission("succeeded"));
  expect(methods(stand)).toEqual(["POST", "POST", "PATCH", "PATCH"]);
});

test("a permission that is missing is told once, with what to add, and nothing more is asked", async () => {
  const stand = startStand(() => ({ status: 403, message: "Resource not accessible by integration" }));
  const report = openOwnReport(stand.place);
  await report.update(makeSubmission());
  await report.conclude(makeSubmission("succeeded"));
  expect(methods(stand)).toEqual(["POST", "GET"]);
  expect(stand.told).toHaveLength(1);
  expect(stand.told[0]).toContain("checks: write");
});

test("I-33: what a fork's token may not is a notice", async () => {
  const stand = startStand(() => ({ status: 403 }), { isFork: true });
  await openOwnReport(stand.place).conclude(makeSubmission("succeeded"));
  expect(stand.told.map((text) => text.split(" ")[0])).toEqual(["notice"]);
});

test("the end is written again after GitHub was busy or away, and given up after some tries", async () => {
  const busy = { status: 403, isLimited: true };
  const stand = startStand((route, nth) => (nth < 3 && route !== COMMENTS ? busy : takeAll(route)));
  await openOwnReport(stand.place).conclude(makeSubmission("succeeded"));
  expect(stand.told).toEqual([]);
  expect(methods(stand).filter((method) => method === "POST")).toHaveLength(2 + 2 + 3);
  const away = startStand(() => ({ status: 0, message: "fetch failed" }));
  await openOwnReport(away.place).conclude(makeSubmission("succeeded"));
  expect(away.told).toHaveLength(2);
  expect(away.told[0]).toContain("GitHub cannot be reached");
});

test("what GitHub asks for by retry-after is waited for", async () => {
  const busy = { status: 429, isLimited: true, retryAfterSeconds: 0.3 };
  const stand = startStand((route, nth) => (nth === 1 && route !== COMMENTS ? busy : takeAll(route)), {
    pullRequest: undefined,
  });
  const beganMs = performance.now();
  await openOwnReport(stand.place).conclude(makeSubmission("succeeded"));
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(290);
});

test("without a pull request there is no comment", async () => {
  const stand = startStand(takeAll, { pullRequest: undefined });
  await openOwnReport(stand.place).conclude(makeSubmission("succeeded"));
  expect(methods(stand)).toEqual(["POST", "POST"]);
});
