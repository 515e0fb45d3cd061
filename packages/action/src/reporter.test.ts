import { expect, test } from "vitest";
import { openReporter } from "./reporter.ts";

test("a step is one line with its time, and its progress at most one every two seconds", () => {
  const lines: string[] = [];
  let now = 10_000;
  const reporter = openReporter(
    (line) => lines.push(line),
    () => now,
  );
  reporter.start("sync");
  reporter.progress("sync", 0.1, "1 of 10 MB");
  now += 1000;
  reporter.progress("sync", 0.5, "5 of 10 MB");
  now += 1100;
  reporter.progress("sync", 0.7, "7 of 10 MB");
  now += 1300;
  reporter.finish("sync", "10 MB, 3 store paths");
  expect(lines).toEqual([
    "sync      10 %  1 of 10 MB",
    "sync      70 %  7 of 10 MB",
    "sync       3.4 s  10 MB, 3 store paths",
  ]);
});

test("what has not changed is said once a minute", () => {
  const lines: string[] = [];
  let now = 10_000;
  const reporter = openReporter(
    (line) => lines.push(line),
    () => now,
  );
  reporter.start("jobs");
  for (let second = 0; second < 130; second += 5) {
    reporter.progress("jobs", 0, second < 100 ? "0 of 2 jobs ended" : "1 of 2 jobs ended");
    now += 5000;
  }
  expect(lines).toEqual([0, 0, 1].map((ended) => `jobs       0 %  ${ended} of 2 jobs ended`));
});
