// A pull from a base path on this machine, with the real sh, stat, tar, zstd and openssl.
import { link, mkdir, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { runCommand } from "../../target/command/command.ts";
import { openLocal } from "../../target/transport/local.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { changeFetch, describeTree, JOB, OTHER, startPullPlace, writeOutputs, type PullPlace } from "./pull.fixture.ts";
import { previewPull, pullOutputs, type Pulled, type PullRequest } from "./pull.ts";

let place: PullPlace;
let local: Transport;

beforeEach(async () => {
  place = await startPullPlace();
  local = await openLocal();
});
afterEach(async () => {
  await runCommand({ argv: ["chmod", "-R", "u+w", place.folder] });
  await place[Symbol.asyncDispose]();
});

async function pull(change: Partial<PullRequest> = {}, transport = local): Promise<Pulled> {
  return pullOutputs(transport, { ...place.request, ...change });
}

const RESULTS = {
  [`${JOB}/out/metrics.json`]: '{"a":1}',
  [`${JOB}/out/deep/er/table.csv`]: "1,2\n".repeat(100_000),
  [`${JOB}/repx/SUCCESS`]: "",
  [`${JOB}/repx/stdout.log`]: "begun\n",
  [`${OTHER}/out/metrics.json`]: '{"a":2}',
  [`${OTHER}/repx/FAIL`]: "",
};

test("everything comes as it is there, and a second pull fetches nothing", async () => {
  await writeOutputs(place.base, RESULTS);
  await mkdir(join(place.base, "outputs", JOB, "out/empty"));
  const first = await pull();
  expect(first).toMatchObject({ files: 4, bytes: 400_020, skippedFiles: 0, leftOut: [], missingJobs: [] });
  expect(first.sentBytes).toBeGreaterThan(0);
  expect(first.sentBytes).toBeLessThan(20_000);
  const there = await describeTree(join(place.base, "outputs"));
  expect(await describeTree(place.destination)).toEqual(there);
  expect(await pull()).toMatchObject({ files: 0, bytes: 0, sentBytes: 0, skippedFiles: 4 });
});

test("a file that changed comes alone, and replaces the old one by rename", async () => {
  await writeOutputs(place.base, RESULTS);
  await pull();
  const path = join(place.destination, JOB, "out/metrics.json");
  await link(path, join(place.folder, "old"));
  await writeOutputs(place.base, { [`${JOB}/out/metrics.json`]: '{"a":1,"b":2}' });
  expect(await pull()).toMatchObject({ files: 1, bytes: 13, skippedFiles: 3 });
  expect(await readFile(path, "utf8")).toBe('{"a":1,"b":2}');
  expect(await readFile(join(place.folder, "old"), "utf8")).toBe('{"a":1}');
});

test("a time that differs is a change, be it the earlier one", async () => {
  await writeOutputs(place.base, RESULTS);
  await pull();
  await utimes(join(place.base, "outputs", JOB, "out/metrics.json"), 1000, 1000);
  expect(await pull()).toMatchObject({ files: 1 });
});

test("odd names, links inside the job, modes and hard links survive", async () => {
  const odd = [
    "-rf",
    "a'b",
    "it''s",
    "new\nline",
    'quo"te $HOME `id`',
    "back\\slash",
    "é✓",
    ".hidden",
    "..two",
    "  ",
    "*",
  ];
  await writeOutputs(place.base, Object.fromEntries(odd.map((name) => [`${JOB}/out/${name}/${name}`, name])));
  const out = join(place.base, "outputs", JOB, "out");
  await writeFile(Buffer.concat([Buffer.from(`${out}/`), Buffer.from([0x66, 0xff, 0x81])]), "latin");
  await writeFile(join(out, "x".repeat(250)), "long");
  await writeFile(join(out, "run"), "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(out, "fixed"), "read-only", { mode: 0o444 });
  await link(join(out, "run"), join(out, "zz-same"));
  await symlink("run", join(out, "link"));
  await symlink("../repx/nothing", join(out, "dangling"));
  await runCommand({ argv: ["chmod", "u+s", join(out, "run")] });
  const pulled = await pull({ jobs: [JOB] });
  expect(pulled).toMatchObject({ leftOut: [], files: odd.length + 7 });
  expect(pulled.oddNames).toEqual([
    expect.stringContaining("\uFFFD"),
    expect.stringContaining(String.raw`new\nline`),
    expect.stringContaining(String.raw`new\nline/new\nline`),
  ]);
  const there = await describeTree(join(place.base, "outputs"));
  for (const name of ["run", "zz-same"]) {
    there[`/${JOB}/out/${name}`] = there[`/${JOB}/out/${name}`]?.replace("file 4755", "file 755") ?? "";
  }
  expect(await describeTree(place.destination)).toEqual(there);
  expect(await pull({ jobs: [JOB] })).toMatchObject({ files: 0 });
});

test("a link that leads out of the job's folder, a FIFO and a large file are left out, with the reason", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/big`]: Buffer.alloc(5000), [`${JOB}/out/small`]: "s" });
  const out = join(place.base, "outputs", JOB, "out");
  await symlink("/etc/passwd", join(out, "absolute"));
  await symlink(`../../${OTHER}/out/x`, join(out, "neighbour"));
  await runCommand({ argv: ["mkfifo", join(out, "fifo")] });
  const { leftOut, files } = await pull({ jobs: [JOB], maxFileBytes: 4999 });
  expect(files).toBe(1);
  expect(Object.fromEntries(leftOut.map(({ path, reason }) => [path.slice(JOB.length + 5), reason]))).toEqual({
    absolute: expect.stringContaining("leads out of the job's folder"),
    neighbour: expect.stringContaining("leads out of the job's folder"),
    fifo: expect.stringContaining("a FIFO"),
    big: "it is larger than the limit for one file",
  });
  expect(await readdir(join(place.destination, JOB, "out"))).toEqual(["small"]);
});

test("patterns choose among outputs, and parts among folders; the marker always comes", async () => {
  await writeOutputs(place.base, { ...RESULTS, [`${JOB}/out/deep/notes.txt`]: "n" });
  await pull({ jobs: [JOB], parts: ["out"], match: ["*.json", "deep/*/table.???"] });
  const names = Object.keys(await describeTree(place.destination)).filter((path) => /\.|SUCCESS/.test(path.slice(44)));
  expect(names.toSorted()).toEqual([
    `/${JOB}/out/deep/er/table.csv`,
    `/${JOB}/out/metrics.json`,
    `/${JOB}/repx/SUCCESS`,
  ]);
});

test("a job's lock and what RepX unpacked for it stay there, and the logs of its parts come", async () => {
  await writeOutputs(place.base, {
    [`${JOB}/repx/.running/1`]: "",
    [`${JOB}/repx/nix_overlay_upper/nix/store/x`]: "",
    [`${JOB}/repx/attempts/1/stdout.log`]: "",
    [`${JOB}/scatter/repx/stderr.log`]: "",
    [`${JOB}/branch-3/repx/job.json`]: "",
    [`${JOB}/branch-3/step-fit/repx/stdout.log`]: "",
    [`${JOB}/branch-3/step-fit/out/large`]: "",
  });
  await pull({ jobs: [JOB] });
  const files = Object.entries(await describeTree(place.destination)).filter(([, what]) => what !== "folder");
  expect(files.map(([path]) => path.slice(JOB.length + 2)).toSorted()).toEqual([
    "branch-3/repx/job.json",
    "branch-3/step-fit/repx/stdout.log",
    "repx/attempts/1/stdout.log",
    "scatter/repx/stderr.log",
  ]);
});

test("jobs that left nothing and jobs that have not succeeded are told", async () => {
  await writeOutputs(place.base, { [`${OTHER}/out/x`]: "x" });
  expect(await pull()).toMatchObject({ missingJobs: [JOB], unreadyJobs: [], files: 1 });
  expect(await pull({ isSucceededOnly: true })).toMatchObject({ missingJobs: [JOB], unreadyJobs: [OTHER], files: 0 });
});

test("a marker that is not there any more goes here as well", async () => {
  await writeOutputs(place.base, RESULTS);
  await pull();
  await rm(join(place.base, "outputs", JOB, "repx/SUCCESS"));
  await pull();
  expect(await readdir(join(place.destination, JOB, "repx"))).toEqual(["stdout.log"]);
});

test("a marker goes before a file of its job is replaced, and comes when the last one was", async () => {
  await writeOutputs(place.base, RESULTS);
  await pull();
  await rm(join(place.base, "outputs", JOB, "repx/SUCCESS"));
  // A stream of its own for the large one, so that one can come and the other not.
  const changed = { [`${JOB}/out/large`]: Buffer.alloc(5_000_000), [`${JOB}/out/metrics.json`]: "{}" };
  await writeOutputs(place.base, { [`${JOB}/repx/FAIL`]: "", ...changed });
  const listMarkers = async (): Promise<string[]> =>
    (await readdir(join(place.destination, JOB, "repx"))).filter((name) => name !== "stdout.log");
  for (const [answered, markers] of [
    [0, ["SUCCESS"]],
    [1, []],
  ] as const) {
    let left: number = answered;
    const broken = changeFetch(local, async (request) => {
      if (left-- > 0) return local.run(request);
      throw new Error("down");
    });
    await expect(pull({}, broken)).rejects.toThrow("down");
    expect(await listMarkers()).toEqual(markers);
  }
  expect(await pull()).toMatchObject({ files: 1 });
  expect(await listMarkers()).toEqual(["FAIL"]);
});

test("too much is refused before anything is fetched, with the largest jobs first", async () => {
  await writeOutputs(place.base, RESULTS);
  const error = await pull({ maxTotalBytes: 1000 }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: "SYNC_TOO_LARGE",
    hint: expect.stringContaining("--max-size"),
    details: {
      jobs: [
        { id: JOB, sizeBytes: 400_013 },
        { id: OTHER, sizeBytes: 7 },
      ],
    },
  });
  expect(await readdir(place.folder)).not.toContain("results");
});

test("a preview tells what would come, and makes nothing", async () => {
  await writeOutputs(place.base, RESULTS);
  expect(await previewPull(local, place.request)).toMatchObject({ files: 4, bytes: 400_020, skippedFiles: 0 });
  expect(await readdir(place.folder)).not.toContain("results");
});

test("a base path that is not there is refused, one where nothing ran has no outputs", async () => {
  await expect(pull({ basePath: join(place.folder, "nowhere") })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await rm(join(place.base, "outputs"), { recursive: true });
  expect(await pull()).toMatchObject({ missingJobs: [JOB, OTHER], files: 0 });
});

test("a destination that cannot be made or written is refused with SYNC_DESTINATION_NOT_WRITABLE", async () => {
  await writeOutputs(place.base, RESULTS);
  await writeFile(join(place.folder, "results"), "a file");
  const error = await pull().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RepxError);
  expect(error).toMatchObject({ code: "SYNC_DESTINATION_NOT_WRITABLE" });
});

test("what stands in the way here is left as it is, and the rest comes", async () => {
  await writeOutputs(place.base, RESULTS);
  await mkdir(join(place.destination, JOB, "out/metrics.json"), { recursive: true });
  await symlink("/tmp", join(place.destination, JOB, "out/deep"));
  const { leftOut, files } = await pull();
  expect(files).toBe(2);
  expect(leftOut.map(({ reason }) => reason).toSorted()).toEqual([
    "here a folder has its name",
    "here something that is no folder is in its way",
  ]);
  expect(await readlink(join(place.destination, JOB, "out/deep"))).toBe("/tmp");
});

test("what a killed pull left is removed a day later, and what one at work has is not", async () => {
  await writeOutputs(place.base, RESULTS);
  for (const name of [".repx-pull-old", ".repx-pull-new", ".repx-pull-busy"]) {
    await mkdir(join(place.destination, name, "1"), { recursive: true });
    const file = join(place.destination, name, "1/0");
    await writeFile(file, "x");
    for (const path of [file, join(file, ".."), join(file, "../..")]) {
      if (name.endsWith("old") || (name.endsWith("busy") && path !== file)) await utimes(path, 1000, 1000);
    }
  }
  await pull();
  const left = (await readdir(place.destination)).filter((name) => name.startsWith("."));
  expect(left.toSorted()).toEqual([".repx-pull-busy", ".repx-pull-new"]);
});

test("a file or folder whose path is too long here is left out, and the rest comes", async () => {
  const deep = Array.from({ length: 15 }, () => "d".repeat(250)).join("/");
  const destination = join(place.destination, "e".repeat(200), "e".repeat(50));
  const long = "f".repeat(250 - 4);
  await writeOutputs(place.base, { ...RESULTS, [`${JOB}/out/${deep}/x`]: "x", [`${JOB}/out/${long}`]: "fits" });
  const { leftOut, files } = await pull({ destination });
  expect([files, leftOut.map(({ reason }) => reason)]).toEqual([5, ["here its name is too long"]]);
});

test("a busybox target without zstd and openssl does as well, but for names with line feeds", async () => {
  await using busybox = await openLocal({ environment: { PATH: await makeBusybox() } });
  await writeOutputs(place.base, { ...RESULTS, [`${JOB}/out/a'b`]: "1", [`${JOB}/out/new\nline`]: "2" });
  await link(join(place.base, "outputs", JOB, "out/a'b"), join(place.base, "outputs", JOB, "out/hard"));
  const { leftOut, files } = await pull({}, busybox);
  expect([files, leftOut.map(({ reason }) => reason)]).toEqual([6, ["the target's tar cannot be told its name"]]);
  await rm(join(place.base, "outputs", JOB, "out/new\nline"));
  expect(await describeTree(place.destination)).toEqual(await describeTree(join(place.base, "outputs")));
});

/** A folder with busybox' programs alone. */
async function makeBusybox(): Promise<string> {
  const folder = join(place.folder, "bin");
  await mkdir(folder);
  for (const name of ["sh", "cat", "stat", "tar", "tee", "sha256sum"]) {
    await symlink("/usr/bin/busybox", join(folder, name));
  }
  return folder;
}
