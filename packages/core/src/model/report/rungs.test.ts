// However much there is to tell: what is told fits, is whole Markdown, and leads to the rest.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { after, event, jobId, SIMULATION } from "../events.fixture.ts";
import type { SlurmState } from "../protocol.ts";
import { summarizeRun } from "../run-summary.ts";
import type { Submission } from "../submission.ts";
import { renderAllSummary } from "./aggregate.ts";
import { COMMENT_MARKER, renderComment } from "./comment.ts";
import { renderLogs } from "./logs.ts";
import { byteLength } from "./markdown.ts";
import { LINKS, makeFailed, makeMany, makeShort, ran, study, SUMMARY } from "./report.fixture.ts";
import { renderRunSummary } from "./run-report.ts";

/** Finds what is cut: a fence or a fold that is not closed, a table row that is not as wide as its head. */
function listDamage(text: string): string[] {
  const damage: string[] = [];
  let fence: string | undefined;
  let columns: number | undefined;
  for (const line of text.split("\n")) {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (fence !== undefined) {
      if (line === fence) fence = undefined;
      continue;
    }
    if (mark !== undefined) fence = mark;
    const width = line.startsWith("|") ? line.replaceAll("\\|", "").split("|").length : undefined;
    if (width !== undefined && columns !== undefined && width !== columns)
      damage.push(`a row of another width: ${line}`);
    columns = width;
  }
  if (fence !== undefined) damage.push("a fence is open");
  const [opened, closed] = ["<details>", "</details>"].map((tag) => text.split(tag).length);
  if (opened !== closed) damage.push("a fold is open");
  return damage;
}

const words = fc.string({ unit: fc.constantFrom("a", "数", "🎲", "|", "`", "\n", "<", "*", " ", "@"), maxLength: 400 });
const states = fc.constantFrom<SlurmState>("COMPLETED", "FAILED", "OUT_OF_MEMORY", "TIMEOUT", "NODE_FAIL", "CANCELLED");

/** A submission of any size whose texts are as odd as they come. */
const submissions = fc
  .record({ ends: fc.array(fc.tuple(states, words), { minLength: 1, maxLength: 80 }), parameter: words, stage: words })
  .map(({ ends, parameter, stage }): Submission => {
    const start = study(ends.length);
    const jobs = [...start.jobs].map(
      ([id, job]) =>
        [id, { ...job, stage: `s${stage}`.slice(0, 200), parameters: { seed: id.slice(0, 32), parameter } }] as const,
    );
    const events = ends.map(([state, logTail], nth) =>
      ran(nth + 1, { state, logTail: logTail.repeat(20), metricsText: '{"m": 1}', reason: logTail.slice(0, 200) }),
    );
    return after({ ...start, jobs: new Map(jobs) }, [...events, event({ job: SUMMARY, metricsText: '{"m": 1}' })]);
  });
const sizes = fc.integer({ min: 900, max: 70_000 });

test("I-22, I-23: a run's summary fits at any size, whole, with its verdict first and the way to the rest", () => {
  fc.assert(
    fc.property(submissions, sizes, (submission, max) => {
      const summary = summarizeRun(submission, SIMULATION);
      const text = renderRunSummary(submission, summary, LINKS, max);
      expect(byteLength(text)).toBeLessThanOrEqual(max);
      expect(listDamage(text)).toEqual([]);
      expect(text).toMatch(/^\*\*(?:passed|failed|resources|cancelled|infrastructure): /);
      expect(text).toContain(`[Full report](${LINKS.detailsUrl})`);
    }),
    { numRuns: 150 },
  );
});

test("I-22, I-23: a comment fits at any size, whole, with its marker first", () => {
  fc.assert(
    fc.property(submissions, sizes, (submission, max) => {
      const text = renderComment(submission, LINKS, max);
      expect(byteLength(text)).toBeLessThanOrEqual(max);
      expect(listDamage(text)).toEqual([]);
      expect(text.split("\n")[0]).toBe(COMMENT_MARKER);
      expect(text).toContain("experiments passed");
      expect(text).toContain(`[Full report](${LINKS.detailsUrl})`);
    }),
    { numRuns: 150 },
  );
});

test("I-23: logs fit at any size, each in its own block", () => {
  fc.assert(
    fc.property(submissions, sizes, (submission, max) => {
      const jobs = submission.runs[0]?.jobs ?? [];
      const text = renderLogs(submission, jobs, LINKS, max);
      expect(byteLength(text)).toBeLessThanOrEqual(max);
      expect(listDamage(text)).toEqual([]);
      const shown = text.match(/^Last lines of /gm)?.length ?? 0;
      const all = jobs.filter((id) => {
        const record = submission.records.get(id);
        return record?.state !== "succeeded" && (record?.logTail ?? "") !== "";
      }).length;
      expect(text.includes("more left out")).toBe(shown < all);
    }),
    { numRuns: 150 },
  );
});

const countRows = (text: string): number => text.match(/failed, exit code 1 \|/g)?.length ?? 0;

test("each rung says less than the one before: numbers go first, then most of the failures, then all but the counts", () => {
  const metricsText = JSON.stringify(Object.fromEntries(Array.from({ length: 50 }, (_, nth) => [`m${nth}`, nth])));
  const many = after(
    study(60),
    Array.from({ length: 60 }, (_, nth) => ran(nth + 1, { state: "FAILED", exitCode: 1, metricsText })),
  );
  const render = (max: number) => renderRunSummary(many, summarizeRun(many, SIMULATION), LINKS, max);
  expect([countRows(render(65_000)), render(65_000).includes("### Metrics")]).toEqual([50, true]);
  expect([countRows(render(6000)), render(6000).includes("### Metrics")]).toEqual([50, false]);
  expect([countRows(render(3000)), render(3000).includes("and 45 more")]).toEqual([15, true]);
  expect(render(900)).toContain("Of 60 jobs: 60 failed.");
});

test("a summary of two hundred runs fits, and folds what passed", () => {
  const many = makeMany(200, 150);
  const summaries = many.runs.map(({ name }) => summarizeRun(many, name));
  for (const max of [65_000, 10_000, 3000, 900]) {
    const text = renderAllSummary(many, summaries, LINKS, max);
    expect(byteLength(text)).toBeLessThanOrEqual(max);
    expect(listDamage(text)).toEqual([]);
    expect(text).toContain("failed: 150 of 200 experiments");
  }
});

test("logs that a store did not load are counted, not shown", () => {
  const failed = after(makeFailed(), [ran(1, { state: "FAILED", attempt: 2, logTail: "(left out)" })]);
  const text = renderLogs(failed, [jobId(1), jobId(2)], LINKS, 65_000);
  expect(text.match(/^Last lines of /gm)).toHaveLength(1);
  expect(text).toContain("The logs of 1 more left out");
});

test("the damage that these tests look for is found", () => {
  const text = renderRunSummary(makeShort(), summarizeRun(makeShort(), SIMULATION), LINKS, 65_000);
  expect(listDamage(text)).toEqual([]);
  expect(listDamage(text.slice(0, text.indexOf("held 7.9")))).not.toEqual([]);
  expect(listDamage(text.slice(0, text.indexOf("repx run")))).not.toEqual([]);
});
