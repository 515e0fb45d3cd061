import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId } from "../model/ids.ts";
import { openLocal } from "../target/transport/local.ts";
import type { Transport } from "../target/transport/transport.ts";
import { planBatches } from "./batches.ts";
import { cancelSubmission } from "./cancel-submission.ts";
import { submitLocal } from "./submit-local.ts";

// What goes over the wire; the agent itself is in test/target/local-*.test.ts.

const ID = SubmissionId.parse("s0123456789abcdefghijklmno");
const job = { executable: "run", resources: { sbatchOpts: [] } };
const batches = planBatches([
  { ...job, id: jobId(1), stage: "a", dependsOn: [] },
  { ...job, id: jobId(2), stage: "b", dependsOn: [{ id: jobId(1), kind: "hard" }] },
]);

let base: string;
let folder: string;
let transport: Transport;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "repx-it's a base-"));
  folder = join(base, "submissions", ID);
  await mkdir(join(folder, "local/cancel"), { recursive: true });
  transport = await openLocal({ environment: { PATH: "/usr/bin:/bin" } });
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await rm(base, { recursive: true });
});

const place = () => ({ id: ID, basePath: base, programs: `${base}/programs` });

async function writeHandIn(body: string): Promise<void> {
  await mkdir(place().programs);
  await writeFile(join(place().programs, "repx-hand-in"), `#!/bin/sh\necho "Welcome, 7 nodes are up"\n${body}\n`);
  await chmod(join(place().programs, "repx-hand-in"), 0o755);
}

test("the agent's numbers are those of the batches in order, and the submission is called complete", async () => {
  await writeHandIn(`printf '41_1\\tx\\n42_1\\ty\\n' >"$1/submissions/$2/slurm.tsv"; echo "$3" >"$1/asked"`);
  expect([...(await submitLocal(transport, batches, place(), 4))]).toEqual([
    [1, "41"],
    [2, "42"],
  ]);
  expect(await readFile(join(base, "asked"), "utf8")).toBe("4\n");
  expect(await readdir(folder)).toContain("submitted");
});

test("an agent that takes nothing is an error with its last word", async () => {
  await writeHandIn("echo 'the agent did not take it: disk full' >&2; exit 75");
  await expect(submitLocal(transport, batches, place())).rejects.toMatchObject({
    code: "LOCAL_AGENT_FAILED",
    message: "the agent on this machine did not take the jobs: the agent did not take it: disk full",
  });
  expect(await readdir(folder)).not.toContain("submitted");
});

async function readWishes(): Promise<string[]> {
  const names = (await readdir(join(folder, "local/cancel"))).filter((name) => name.startsWith("w"));
  return Promise.all(names.map(async (name) => readFile(join(folder, "local/cancel", name), "utf8")));
}

test("cancelling leaves the agent a wish, for all or for the tasks that are named", async () => {
  await cancelSubmission(transport, place(), ["41_1", "42_7"]);
  expect(await readWishes()).toEqual(["41_1\n42_7\n"]);
  expect(await readdir(folder)).not.toContain("submitted");
  await cancelSubmission(transport, place());
  expect((await readWishes()).toSorted()).toEqual(["41_1\n42_7\n", "all\n"]);
  expect(await readdir(folder)).toContain("submitted");
});

test("what is no id of a task is never written down", async () => {
  await expect(cancelSubmission(transport, place(), ["41_1", "all\n"])).rejects.toThrow(TypeError);
  expect(await readWishes()).toEqual([]);
});
