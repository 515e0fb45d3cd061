import { expect, test } from "vitest";
import { after, event, jobId, SIMULATION } from "../events.fixture.ts";
import type { Submission } from "../submission.ts";
import { adviseMemory, adviseTime } from "./advice.ts";
import { renderCheck } from "./check-report.ts";
import { byteLength } from "./markdown.ts";
import { makeFailed, makeShort, ran, study } from "./report.fixture.ts";

const list = (submission: Submission) => renderCheck(submission, SIMULATION).annotations;

test("failed jobs are marked at their stage, in GitHub's words", () => {
  expect(list(makeFailed())).toEqual([
    {
      path: "study/threshold.nix",
      start_line: 4,
      end_line: 4,
      annotation_level: "failure",
      title: "threshold-1.0: 1 job failed",
      message: "failed, exit code 3\nseed=2 size=16",
    },
  ]);
});

test("jobs that had too little are marked where it is asked for, with what to ask for", () => {
  expect(list(makeShort()).map(({ path, start_line: line, message }) => `${path}:${line} ${message}`)).toEqual([
    'resources.toml:12 needed at least 7.9 GiB, had 8 GiB\nTry mem = "16G"\nseed=1 size=16\nseed=2 size=16',
    'resources.toml:12 Try time = "02:00:00"\nseed=3 size=16',
  ]);
});

test("ten thousand failures of one stage are one mark", () => {
  const many = study(10_000);
  const ends = Array.from({ length: 10_000 }, (_, nth) => event({ job: jobId(nth + 1), state: "FAILED", exitCode: 1 }));
  const marks = list(after(many, ends));
  expect(marks.map(({ title }) => title)).toEqual(["threshold-1.0: 10000 jobs failed"]);
  expect(marks[0]?.message).toContain("and 9997 more");
});

function place(path: string, stage = "threshold-1.0"): Submission {
  const start = study(1);
  const jobs = new Map([...start.jobs].map(([id, job]) => [id, { ...job, stage, stageAt: { path, line: 1 } }]));
  return after({ ...start, jobs }, [ran(1, { state: "FAILED", exitCode: 1 })]);
}

test.each(["/etc/passwd", "../x.nix", "a//b.nix", "a\\b", "a\nb"])(
  "a path that is none of the repository gives no mark: %j",
  (path) => {
    expect(list(place("study/a.nix"))).toHaveLength(1);
    expect(list(place(path))).toEqual([]);
  },
);

test("titles and messages keep within what GitHub takes, on lines of their own", () => {
  const [mark] = list(place("a.nix", `x\n${"数".repeat(180)}`));
  expect(mark?.title.length).toBeLessThanOrEqual(255);
  expect(mark?.title).not.toContain("\n");
  expect(byteLength(mark?.message ?? "")).toBeLessThanOrEqual(65_536);
});

test("an open check has no marks, as GitHub would keep them beside those of the end", () => {
  expect(list(after(study(), [ran(1, { state: "FAILED" })]))).toEqual([]);
});

test.each([
  [{ memoryMebibytes: 8192, peakMebibytes: 8100 }, "16G"],
  [{ memoryMebibytes: 1500 }, "3G"],
  [{ memoryMebibytes: 80 }, "160M"],
  [{ peakMebibytes: 5000 }, "10G"],
  [{}, undefined],
])("after out of memory with %j, %s is advised", (given, value) => {
  expect(adviseMemory([{ state: "out_of_memory", attempt: 1, ...given }])?.value).toBe(value);
});

test.each([
  [3620, "02:00:00"],
  [7230, "04:00:00"],
  [610, "00:20:00"],
  [70, "00:05:00"],
  [undefined, undefined],
])("after a time-out at %s seconds, %s is advised", (elapsedSeconds, value) => {
  expect(adviseTime([{ state: "timed_out", attempt: 1, elapsedSeconds }])?.value).toBe(value);
});
