// Files that tar cannot read to their end: it says so, and fills them up with zeros.
import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocal } from "../../target/transport/local.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { changeFetch, describeTree, JOB, linkTools, makeStream, sendInstead } from "./pull.fixture.ts";
import { startPullPlace, writeOutputs, type HandMember, type PullPlace } from "./pull.fixture.ts";
import { pullOutputs } from "./pull.ts";

let place: PullPlace;
let local: Transport;

beforeEach(async () => {
  place = await startPullPlace();
  local = await openLocal();
});
afterEach(async () => place[Symbol.asyncDispose]());

/** What of two files in a stream comes, and why the others do not. */
async function pull(transport: Transport): Promise<{ came: readonly string[]; reasons: Record<string, string> }> {
  const { leftOut } = await pullOutputs(transport, { ...place.request, jobs: [JOB] });
  const came = Object.entries(await describeTree(place.destination)).filter(([, what]) => what.startsWith("file"));
  return {
    came: came.map(([path]) => path.slice(`/${JOB}/out/`.length)),
    reasons: Object.fromEntries(leftOut.map(({ path, reason }) => [path.slice(`${JOB}/out/`.length), reason])),
  };
}

async function pullSaid(
  name: string,
  said: readonly string[],
  more: readonly HandMember[] = [],
): ReturnType<typeof pull> {
  await writeOutputs(place.base, { [`${JOB}/out/${name}`]: "there", [`${JOB}/out/whole`]: "there" });
  const members = [
    { path: `${JOB}/out/${name}`, body: "th\0\0\0" },
    { path: `${JOB}/out/whole`, body: "there" },
    ...more,
  ];
  return pull(sendInstead(local, zstdCompressSync(makeStream(members)), { said, padded: 1 }));
}

const SHRANK = "it shrank while it was fetched";

test.each(["a", "Result: Final.txt", "new\nline", "a: b: C", "é\n: File shrank", " "])(
  "%j that shrank while tar read it is left out",
  async (name) => {
    const said = [
      `tar: ${JOB}/out/${name}: File shrank by 3 bytes; padding with zeros`,
      "tar: Exiting with failure status",
    ];
    const { came, reasons } = await pullSaid(name, said);
    expect(came).toEqual(["whole"]);
    expect(Object.values(reasons)).toEqual([SHRANK]);
  },
);

test.each([
  ["File shrank by 1 byte; padding with zeros", SHRANK],
  ["Read error at byte 2, while reading 3 bytes: Stale file handle", "it could not be read there to its end"],
])("a file of which tar says %j is left out", async (words, reason) => {
  const said = [`tar: ${JOB}/out/a: file changed as we read it`, `tar: ${JOB}/out/a: ${words}`];
  expect(await pullSaid("a", said)).toEqual({ came: ["whole"], reasons: { a: reason } });
});

test("a further name of a file that shrank is left out with it", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/z`]: "there" });
  const said = [`tar: ${JOB}/out/a: File shrank by 3 bytes; padding with zeros`];
  const link: HandMember = { path: `${JOB}/out/z`, type: "Link", link: `${JOB}/out/a` };
  expect(await pullSaid("a", said, [link])).toEqual({ came: ["whole"], reasons: { a: SHRANK, z: SHRANK } });
});

test("a stream with a file that shrank and whose name was not heard is no whole one", async () => {
  for (const said of [[], [`tar: ${JOB}/out/x: File shrank by 3 bytes; padding with zeros`]]) {
    await expect(pullSaid("a", said)).rejects.toMatchObject({ code: "SYNC_FAILED" });
  }
});

test("a file that is not there any more is left out with what tar said", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/b: c`]: "there", [`${JOB}/out/whole`]: "there" });
  const transport = changeFetch(local, async (request) => {
    await rm(join(place.base, "outputs", JOB, "out/b: c"));
    return local.run(request);
  });
  const reason = "it could not be read there: Cannot stat: No such file or directory";
  expect(await pull(transport)).toEqual({ came: ["whole"], reasons: { "b: c": reason } });
});

test("a real tar's zeros are found out, be its first words lost among many", async () => {
  // In sysfs every file is listed with a size of 4096, and holds less.
  const out = join(place.base, "outputs", JOB, "out");
  await writeOutputs(place.base, { [`${JOB}/repx/stdout.log`]: "whole" });
  await symlink("/sys/class/net/lo/statistics", out);
  const { came, reasons } = await pull(local);
  expect(came).toEqual([expect.stringContaining("stdout.log")]);
  expect(Object.keys(reasons).length).toBeGreaterThan(10);
  expect(new Set(Object.values(reasons))).toEqual(new Set([SHRANK]));
  const short = changeFetch(local, async (request) => {
    const output = await local.run(request);
    return { ...output, stderr: output.stderr.slice(600) };
  });
  await rm(place.destination, { recursive: true });
  await expect(pull(short)).rejects.toMatchObject({ code: "SYNC_FAILED" });
});

test("busybox' tar, which stops at a file that shrank, sends no whole stream", async () => {
  const folder = await linkTools(place.folder, ["busybox"]);
  for (const name of ["sh", "cat", "stat", "tar", "tee", "sha256sum"]) await symlink("busybox", join(folder, name));
  await using transport = await openLocal({ environment: { PATH: folder } });
  await mkdir(join(place.base, "outputs", JOB));
  await symlink("/sys/class/net/lo/statistics", join(place.base, "outputs", JOB, "out"));
  await expect(pull(transport)).rejects.toMatchObject({ code: "SYNC_FAILED" });
});
