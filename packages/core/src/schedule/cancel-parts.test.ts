import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SubmissionId } from "../model/ids.ts";
import { openLocal } from "../target/transport/local.ts";
import type { Transport } from "../target/transport/transport.ts";
import { cancelSubmission } from "./cancel-submission.ts";

// Which arrays go with a scatter-gather job: batch 1 has the scatters (array 101) of batch 2 (array 102), batch 3 (103) has no parts.

const ID = SubmissionId.parse("s0123456789abcdefghijklmno");
const OTHER = SubmissionId.parse("s1123456789abcdefghijklmno");

let base: string;
let transport: Transport;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "repx-it's a base-"));
  await write("bin/squeue", '#!/bin/sh\n[ ! -e "$SCHEDULER/down" ] || exit 1\ncat "$SCHEDULER/queue"\n');
  await write("bin/scancel", '#!/bin/sh\necho "$*" >>"$SCHEDULER/asked"\n');
  for (const name of ["squeue", "scancel"]) await chmod(join(base, "bin", name), 0o755);
  await writeSubmission(ID);
  await write(`submissions/${ID}/slurm.tsv`, "102_1\ta\n102_2\tb\n103_1\tc\n");
  const items = [`200 repx:${ID}:2:1:0`, `201 repx:${ID}:2:1:1000`, `202 repx:${ID}:2:2:0`, `203 repx:${ID}:2:11:0`];
  await write("queue", [`102 repx:${ID}:2`, ...items, `900 repx:${OTHER}:2:1:0`, "7 (null)", ""].join("\n"));
  transport = await openLocal({ environment: { PATH: `${base}/bin:/usr/bin:/bin`, SCHEDULER: base } });
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await rm(base, { recursive: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(base, path, ".."), { recursive: true });
  await writeFile(join(base, path), text);
}

async function writeSubmission(id: SubmissionId): Promise<void> {
  for (const number of [1, 2, 3]) await write(`submissions/${id}/batches/${number}.id`, `${100 + number}\n`);
  for (const number of [2, 3]) await write(`submissions/${id}/batches/${number}.tsv`, "");
}

/** What scancel was called with, call by call. */
async function cancel(ids: readonly string[] = [], id: SubmissionId = ID): Promise<readonly string[]> {
  await cancelSubmission(transport, { basePath: base, id }, ids);
  const asked = await readFile(join(base, "asked"), "utf8").catch(() => "");
  return asked.split("\n").filter((line) => line !== "");
}

test("of a whole submission the jobs go first, then the scatters, then all items", async () => {
  expect(await cancel()).toEqual(["102 103", "101", "200 201 202 203"]);
});

test("of one job its own scatter and items go", async () => {
  expect(await cancel(["102_1"])).toEqual(["102_1", "101_1", "200 201"]);
});

test("a job without parts goes alone, and SLURM is not asked", async () => {
  await write("down", "");
  expect(await cancel(["103_1"])).toEqual(["103_1"]);
});

test("the scatters of an array whose gathers were not submitted yet go", async () => {
  await rm(join(base, `submissions/${ID}/batches/2.id`));
  await rm(join(base, `submissions/${ID}/batches/3.id`));
  await rm(join(base, `submissions/${ID}/slurm.tsv`));
  expect(await cancel()).toEqual(["101", "200 201 202 203"]);
});

test("a job that another submission waits for keeps its parts, until that one is cancelled too", async () => {
  await write(`submissions/${OTHER}/awaited.tsv`, `102_1\ta\t${ID}\n`);
  expect(await cancel()).toEqual(["102_2 103", "101_2", "202"]);
  await rm(join(base, "asked"));
  expect(await cancel([], OTHER)).toEqual(["102_1", "101_1", "200 201"]);
});

test("while SLURM cannot say which items it has, cancelling fails, and cancels the rest", async () => {
  await write("down", "");
  await expect(cancel()).rejects.toMatchObject({ code: "SLURM_REJECTED" });
  expect(await readFile(join(base, "asked"), "utf8")).toBe("102 103\n101\n");
});
