import { RunName, SubmissionId } from "@repx/core/model";
import { afterAll, expect, test } from "vitest";
import { event, jobId, report, send, settleAll } from "../coordinator.fixture.ts";
import { listEntry, openBoard, registerJobs } from "./board.fixture.ts";
import { HomePage, JobPage, RepositoryPage, RunPage, SubmissionPage } from "./views.ts";

afterAll(settleAll);

const SIMULATION = RunName.parse("simulation");
const UNKNOWN = `s${"0".repeat(25)}`;

async function registerStudy(repository: string) {
  const receipt = await registerJobs(repository, [
    { nth: 1, parameters: { seed: 1 } },
    { nth: 2, parameters: { seed: 2 } },
    { nth: 3, stage: "fit-2.0", parameters: { order: "two words" }, needs: [1, 2] },
    { nth: 4, stage: "fit-2.0", isReused: true, metricsText: '{"chi2": {"value": 1.25, "error": 0.05}, "n": 3}' },
  ]);
  await report(receipt, [
    event(1, { state: "RUNNING", at: "2026-11-01T09:00:00Z" }),
    event(1, { elapsedSeconds: 75, node: "n1", metricsText: '{"chi2": 2, "unit": {"value": 4}}' }),
    event(2, { state: "FAILED", exitCode: 3, node: "n2", logTail: "no grid.txt\n" }),
  ]);
  return receipt;
}

/** The text of a page, without its marks. */
function readText(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

test("a submission's page shows what its JSON holds", async () => {
  const { id } = await registerStudy("lab/page");
  const board = openBoard({ readable: ["lab/page"] });
  const view = await board.readJson(`/s/${id}`, SubmissionPage);
  expect(view).toMatchObject({
    submission: { id, repository: "lab/page", pullRequest: 7, target: "cluster" },
    isConcluded: false,
    runs: [{ name: "simulation", verdict: "running" }],
    counts: { succeeded: 1, failed: 1, queued: 1, reused: 1 },
    stages: [
      { name: "walk-1.0", total: 2, needs: [] },
      { name: "fit-2.0", total: 2, needs: ["walk-1.0"] },
    ],
    matches: 4,
  });
  const html = await board.readHtml(`/s/${id}`);
  const text = readText(html);
  // The badge has the title's first word already.
  for (const { title } of view.runs) expect(text).toContain(title.replace("running: ", "◐ running "));
  for (const stage of view.stages) expect(text).toContain(stage.name);
  for (const job of view.jobs) {
    expect(html).toContain(`href="/s/${id}/jobs/${job.id}"`);
    expect(text).toContain(job.parameters.replaceAll('"', "&quot;"));
  }
  expect(text).toContain("failed exit code 3");
  expect(text).toContain("1 min 15 s");
  expect(html).toContain('<time datetime="2026-11-01T09:00:00Z">2026-11-01 09:00:00 UTC</time>');
});

test("a job's page shows all that is recorded of it", async () => {
  const { id } = await registerStudy("lab/job");
  const board = openBoard({ readable: ["lab/job"] });
  const first = await board.readJson(`/s/${id}/jobs/${jobId(1)}`, JobPage);
  expect(first).toMatchObject({
    state: "succeeded",
    runs: ["simulation"],
    parameters: [{ name: "seed", value: "1" }],
    attempts: [{ attempt: 1, state: "succeeded", node: "n1", elapsedSeconds: 75 }],
    inputCount: 0,
    dependants: [{ id: jobId(3), stage: "fit-2.0", state: "queued" }],
    dependantCount: 1,
  });
  expect(first.facts).toEqual(
    expect.arrayContaining([
      { name: "elapsed seconds", value: "75" },
      { name: "event", value: "1.1.COMPLETED" },
    ]),
  );
  expect(first.metrics).toEqual({
    isReadable: true,
    values: [
      { name: "chi2", value: "2" },
      { name: "unit", value: "4" },
    ],
  });
  const third = await board.readJson(`/s/${id}/jobs/${jobId(3)}`, JobPage);
  expect(third.inputs.map((input) => [input.id, input.state])).toEqual([
    [jobId(1), "succeeded"],
    [jobId(2), "failed"],
  ]);
  const failed = readText(await board.readHtml(`/s/${id}/jobs/${jobId(2)}`));
  for (const part of ["✗ failed exit code 3", "no grid.txt", "Needed by one job", "n2", "seed 2"]) {
    expect(failed).toContain(part);
  }
  const reused = readText(await board.readHtml(`/s/${id}/jobs/${jobId(4)}`));
  expect(reused).toContain("chi2 1.250 ± 0.050");
});

test("a job's page lists the files it left, and shows its pictures", async () => {
  const { id, token } = await registerStudy("lab/files");
  for (const path of ["curve.svg", "table.csv"]) {
    const stored = await send("PUT", `/api/submissions/${id}/files/${jobId(1)}/${path}`, token, "<svg/>");
    expect(stored.status).toBe(201);
  }
  const board = openBoard({ readable: ["lab/files"] });
  const { files } = await board.readJson(`/s/${id}/jobs/${jobId(1)}`, JobPage);
  const figure = expect.stringMatching(new RegExp(`^/figures/${id}/[A-Za-z0-9_-]{32}$`));
  expect(files).toEqual([
    { path: "curve.svg", sizeBytes: 6, figure },
    { path: "table.csv", sizeBytes: 6 },
  ]);
  expect(await board.readHtml(`/s/${id}/jobs/${jobId(1)}`)).toContain(`<img src="${files[0]?.figure}" alt="curve.svg"`);
});

test("a repository's page lists its submissions, and the way to older ones", async () => {
  const runs = [{ name: SIMULATION, verdict: "failed", title: "failed: 1 of 4 jobs failed" }];
  const entries = Array.from({ length: 51 }, (_, index) =>
    listEntry(SubmissionId.parse(`s${String(index).padStart(25, "0")}`), { createdAt: 1_000_000 - index, runs }),
  );
  const asked: object[] = [];
  const board = openBoard({ readable: ["lab/list"], entries, asked: (query) => asked.push(query) });
  const view = await board.readJson("/r/lab/list?pullRequest=7&before=2000000", RepositoryPage);
  expect(asked).toEqual([{ pullRequest: 7, before: 2_000_000, limit: 51 }]);
  expect(view.submissions).toHaveLength(50);
  expect(view.before).toBe(1_000_000 - 49);
  const html = await board.readHtml("/r/lab/list?pullRequest=7");
  expect(html).toContain(`href="?pullRequest=7&amp;before=${view.before}"`);
  for (const { id } of view.submissions) expect(html).toContain(`href="/s/${id}"`);
  expect(readText(html)).toContain("✗ failed 1 of 4 jobs failed");
  expect(html).toContain('href="/r/lab/list/runs/simulation"');
  expect((await board.ask("/r/lab/list?before=x")).status).toBe(404);
});

test("a run's page shows its verdicts, times and metrics over time", async () => {
  const receipts = [await registerStudy("lab/run"), await registerStudy("lab/run"), await registerStudy("lab/other")];
  const runs = [{ name: SIMULATION, verdict: "running", title: "running: 3 of 4 jobs done" }];
  const entries = [...receipts.map(({ id }) => id), SubmissionId.parse(UNKNOWN)].map((id) => listEntry(id, { runs }));
  const board = openBoard({ readable: ["lab/run"], entries });
  const view = await board.readJson("/r/lab/run/runs/simulation", RunPage);
  // What the index has, but not of this repository, or not at all, is not shown.
  expect(view.submissions.map(({ id }) => id)).toEqual(receipts.slice(0, 2).map(({ id }) => id));
  expect(view.submissions[0]).toMatchObject({
    verdict: "running",
    counts: { succeeded: 1, failed: 1, queued: 1, reused: 1 },
    wallSeconds: 75,
    jobSeconds: 75,
    metrics: [
      { name: "chi2", mean: 1.625, jobs: 2 },
      { name: "n", mean: 3, jobs: 1 },
      { name: "unit", mean: 4, jobs: 1 },
    ],
  });
  const html = await board.readHtml("/r/lab/run/runs/simulation");
  expect(html).toContain('aria-label="1.625, 1.625"');
  expect(readText(html)).toContain("◐ running 3 of 4 jobs done");
  expect((await board.readJson("/r/lab/run/runs/absent", RunPage)).submissions).toEqual([]);
});

test("the first page says what this is, to who is signed in and to who is not", async () => {
  expect(await openBoard({}).readJson("/", HomePage)).toEqual({ service: "repx-coordinator" });
  expect(await openBoard({}).readHtml("/")).toContain('href="/sign-in?return=%2F"');
  const signedIn = openBoard({ readable: [] });
  expect(await signedIn.readJson("/", HomePage)).toEqual({ service: "repx-coordinator", login: "octocat" });
  expect((await signedIn.ask("/r?repository=lab/study")).headers.get("location")).toBe("/r/lab/study");
  expect((await signedIn.ask("/r?repository=https://evil.test/x")).status).toBe(404);
});

test("who is not signed in is sent to sign in, a program is told so, and nothing tells what exists", async () => {
  const { id } = await registerStudy("lab/closed");
  const board = openBoard({});
  for (const path of [
    `/s/${id}?state=failed`,
    `/s/${UNKNOWN}`,
    `/s/${id}/jobs/${jobId(1)}`,
    "/r/lab/closed",
    "/r/lab/closed/runs/simulation",
  ]) {
    const page = await board.ask(path);
    expect([page.status, page.headers.get("location")]).toEqual([303, `/sign-in?return=${encodeURIComponent(path)}`]);
    const json = await board.ask(path, { accept: "application/json" });
    expect(json.status).toBe(401);
    expect(await json.json()).toMatchObject({ error: { code: "AUTH_SIGN_IN_REQUIRED" } });
  }
});

test("who may not read a repository sees what they see of one that is not there", async () => {
  const { id } = await registerStudy("lab/private");
  const board = openBoard({ readable: ["lab/public"] });
  const bodies = [];
  for (const path of [
    `/s/${id}`,
    `/s/${UNKNOWN}`,
    "/s/nonsense",
    `/s/${id}/jobs/${jobId(1)}`,
    "/r/lab/private",
    "/r/lab/private/runs/simulation",
    "/r/lab/%2e%2e%2fx",
  ]) {
    const answer = await board.ask(path, { accept: "application/json" });
    expect([path, answer.status]).toEqual([path, 404]);
    bodies.push(await answer.text());
  }
  expect(new Set(bodies).size).toBe(1);
  const html = await board.readHtml(`/s/${id}`);
  expect(html).toContain("COORD_NOT_FOUND");
  expect(html).not.toContain("lab/private");
});

test("a page may load what is the board's own, and nothing inline", async () => {
  const { id } = await registerStudy("lab/policy");
  const board = openBoard({ readable: ["lab/policy"] });
  for (const path of ["/", `/s/${id}`, `/s/${id}/jobs/${jobId(2)}`, `/s/${UNKNOWN}`]) {
    const answer = await board.ask(path);
    const policy = answer.headers.get("content-security-policy");
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toContain("unsafe");
    const html = await answer.text();
    expect(html).not.toMatch(/ style=|<style|<script(?! type="module" src="\/assets\/board.js"><\/script>)| on[a-z]+=/);
  }
});
