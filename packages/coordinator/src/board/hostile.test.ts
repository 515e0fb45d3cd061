import { afterAll, expect, test } from "vitest";
import { event, jobId, report, settleAll } from "../coordinator.fixture.ts";
import { openBoard, registerJobs } from "./board.fixture.ts";
import { JobPage, SubmissionPage } from "./views.ts";

afterAll(settleAll);

const SCRIPT = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;

/** What a browser would run or load: a tag that is not one of ours, or an attribute that does something. */
const ALIVE = /<script(?! type="module" src="\/assets\/board\.js">)|<img|onerror=(?!alert\(1\)&gt;)/;

test("what comes from a Lab or a job is shown as text, wherever it stands", async () => {
  const receipt = await registerJobs("lab/hostile", [
    { nth: 1, stage: SCRIPT, parameters: { [SCRIPT]: SCRIPT } },
    { nth: 2, stage: `${SCRIPT}2`, needs: [1] },
  ]);
  await report(receipt, [
    event(1, {
      state: "FAILED",
      reason: SCRIPT,
      node: SCRIPT,
      logTail: `\u001b[31mred\u001b[0m ${SCRIPT}\u0007`,
      metricsText: JSON.stringify({ [SCRIPT]: { value: 1, unit: SCRIPT } }),
    }),
  ]);
  const board = openBoard({ readable: ["lab/hostile"] });
  const query = `?parameter=${encodeURIComponent(`x=${SCRIPT}`)}&stage=${encodeURIComponent(SCRIPT)}`;
  for (const path of [
    `/s/${receipt.id}`,
    `/s/${receipt.id}${query}`,
    `/s/${receipt.id}/jobs/${jobId(1)}`,
    `/s/${receipt.id}/jobs/${jobId(2)}`,
    `/s/${receipt.id}?state=${encodeURIComponent(SCRIPT)}`,
    `/s/${receipt.id}?parameter=${encodeURIComponent(`<script>`)}`,
    `/r/lab/${encodeURIComponent(SCRIPT)}`,
  ]) {
    const html = await board.readHtml(path);
    expect(html, path).toContain("<main");
    expect(html, path).not.toMatch(ALIVE);
  }
  const html = await board.readHtml(`/s/${receipt.id}/jobs/${jobId(1)}`);
  expect(html.split("&lt;script&gt;").length).toBeGreaterThan(8);
  const { logTail } = await board.readJson(`/s/${receipt.id}/jobs/${jobId(1)}`, JobPage);
  expect(logTail).toBe(`red ${SCRIPT}`);
});

test("values that are megabytes long keep the page small; the job's page has more of them", async () => {
  const long = { text: "<".repeat(400_000) };
  const seeds = Array.from({ length: 40 }, (_, index) => ({
    nth: index + 1,
    stage: "x".repeat(200),
    parameters: long,
  }));
  const receipt = await registerJobs("lab/long", seeds);
  const board = openBoard({ readable: ["lab/long"] });
  expect((await board.readHtml(`/s/${receipt.id}`)).length).toBeLessThan(100_000);
  const { jobs } = await board.readJson(`/s/${receipt.id}`, SubmissionPage);
  expect(jobs[0]?.parameters).toHaveLength(160);
  const { parameters } = await board.readJson(`/s/${receipt.id}/jobs/${jobId(1)}`, JobPage);
  expect(parameters[0]?.value).toHaveLength(5000);
});

test("metrics that are no object of numbers are named as that", async () => {
  const receipt = await registerJobs("lab/numbers", [{ nth: 1 }]);
  await report(receipt, [event(1, { metricsText: "[1, 2" })]);
  const board = openBoard({ readable: ["lab/numbers"] });
  const html = await board.readHtml(`/s/${receipt.id}/jobs/${jobId(1)}`);
  expect(html).toContain("metrics.json is not an object of numbers");
});
