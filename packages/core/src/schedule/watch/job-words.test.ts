import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jobId } from "../../model/events.fixture.ts";
import { openLocal } from "../../target/transport/local.ts";
import { readJobWords } from "./job-words.ts";

const [FAILED, QUIET, SUM, SILENT] = [jobId(1), jobId(2), jobId(3, "sum-1.0"), jobId(4)];

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "repx words-"));
  for (const job of [FAILED, QUIET, SUM, SILENT]) {
    for (const part of ["repx", "out"]) await mkdir(join(base, "outputs", job, part), { recursive: true });
  }
  await writeFile(join(base, "outputs", FAILED, "repx/stderr.log"), "the end\n\nwithout a last line");
  await writeFile(join(base, "outputs", QUIET, "repx/stderr.log"), "");
  await writeFile(join(base, "outputs", QUIET, "repx/stdout.log"), "a line\n".repeat(100));
  await writeFile(join(base, "outputs", SUM, "out/metrics.json"), '{ "threshold": 0.59 }\n');
  await writeFile(join(base, "outputs", SILENT, "out/metrics.json"), "9".repeat(20_000));
});
afterAll(async () => rm(base, { recursive: true }));

test("the last lines of logs and the numbers of jobs come in one answer, each to its job", async () => {
  await using transport = await openLocal({});
  const words = await readJobWords(transport, base, {
    logs: [FAILED, QUIET, jobId(9)],
    metrics: [SUM, SILENT, jobId(9)],
  });
  expect([...words]).toEqual([
    [FAILED, { logTail: "the end\n\nwithout a last line" }],
    [QUIET, { logTail: "a line\n".repeat(40) }],
    [SUM, { metricsText: '{ "threshold": 0.59 }' }],
  ]);
});

test("nobody is asked when nothing is wanted", async () => {
  const transport = {
    description: "none",
    run: async () => Promise.reject(new Error("a command ran")),
    [Symbol.asyncDispose]: async () => {},
  };
  expect((await readJobWords(transport, base, { logs: [], metrics: [] })).size).toBe(0);
});
