// What a target may send that it should not. Each stream has the right hash: whoever owns the target owns that, too.
import { lstat, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { openLocal } from "../../target/transport/local.ts";
import type { Transport } from "../../target/transport/transport.ts";
import {
  changeFetch,
  describeTree,
  JOB,
  makeStream,
  sendInstead,
  startPullPlace,
  writeOutputs,
} from "./pull.fixture.ts";
import type { HandMember, PullPlace } from "./pull.fixture.ts";
import { pullOutputs, type Pulled } from "./pull.ts";

let place: PullPlace;
let local: Transport;

beforeEach(async () => {
  place = await startPullPlace();
  local = await openLocal();
  await writeOutputs(place.base, { [`${JOB}/out/a`]: "there", [`${JOB}/out/b`]: "there" });
});
afterEach(async () => place[Symbol.asyncDispose]());

async function pullFrom(transport: Transport): Promise<Pulled> {
  return pullOutputs(transport, { ...place.request, jobs: [JOB] });
}

async function pullStream(members: readonly HandMember[]): Promise<Pulled> {
  return pullFrom(sendInstead(local, zstdCompressSync(makeStream(members))));
}

/** Everything in the test's own folder but the target, without the staging folder's name. */
async function listWritten(): Promise<string[]> {
  const paths = Object.entries(await describeTree(place.folder)).filter(([, what]) => what !== "folder");
  return paths.map(([path]) => path).filter((path) => !path.startsWith("/a base"));
}

test.each([
  ["a path with ..", { path: `${JOB}/out/../../../../x` }],
  ["an absolute path", { path: "/tmp/repx-pull-hostile" }],
  ["a file that was not asked for", { path: `${JOB}/out/c` }],
  ["another spelling of a file that was asked for", { path: `./${JOB}/out/a` }],
  ["a folder", { path: `${JOB}/out/`, type: "Directory" }],
  ["a device that was not asked for", { path: `${JOB}/out/null`, type: "CharacterDevice" }],
  [
    "a name with a NUL in a long header",
    { path: "././@LongLink", type: "NextFileHasLongPath", body: `${JOB}/out/x\0y` },
  ],
] satisfies [string, HandMember][])("%s ends the pull, and nothing of the stream is kept", async (_, member) => {
  const stream = [{ path: `${JOB}/out/a`, body: "good" }, member, { path: `${JOB}/out/b`, body: "good" }];
  await expect(pullStream(stream)).rejects.toMatchObject({ code: "SYNC_UNSAFE_NAME" });
  expect(await listWritten()).toEqual([]);
});

test("a member that comes twice ends the pull", async () => {
  const twice = { path: `${JOB}/out/a`, body: "x" };
  await expect(pullStream([twice, twice])).rejects.toMatchObject({ code: "SYNC_UNSAFE_NAME" });
});

test.each([
  ["a FIFO", { type: "FIFO" }],
  ["a device", { type: "CharacterDevice" }],
  ["a folder", { type: "Directory" }],
  ["a link", { type: "SymbolicLink", link: "b" }],
  ["a hard link outwards", { type: "Link", link: "/etc/passwd" }],
  ["a hard link to a file of the destination", { type: "Link", link: "../../../secret" }],
  ["a hard link to a file that did not come", { type: "Link", link: `${JOB}/out/b` }],
] satisfies [string, Omit<HandMember, "path">][])(
  "%s in place of a file is left out, and others come",
  async (_, change) => {
    const other = { path: `${JOB}/out/b`, body: "good" };
    const { leftOut, files } = await pullStream([{ path: `${JOB}/out/a`, ...change }, other]);
    expect([files, leftOut.length]).toEqual([1, 1]);
    expect(await listWritten()).toEqual([`/results/outputs/${JOB}/out/b`]);
  },
);

test.each([
  ["/etc", false],
  ["../../..", false],
  [`../../${JOB}/../x`, false],
  ["a/../../..", false],
  ["..", true],
  ["../..", false],
  ["../repx/./stdout.log", true],
  ["nowhere", true],
])("a link to %j is kept: %j", async (link, isKept) => {
  await symlink("somewhere", join(place.base, "outputs", JOB, "out/link"));
  const { leftOut } = await pullStream([{ path: `${JOB}/out/link`, type: "SymbolicLink", link }]);
  const outside = leftOut.filter(({ reason }) => reason.includes("leads out"));
  expect(outside.length).toBe(isKept ? 0 : 1);
  expect(await listWritten()).toEqual(isKept ? [`/results/outputs/${JOB}/out/link`] : []);
});

test("a link that no file system takes is left out", async () => {
  await symlink("somewhere", join(place.base, "outputs", JOB, "out/link"));
  const long = { path: "././@LongLink", type: "NextFileHasLongLinkpath" as const, body: "a/".repeat(2048) };
  const { leftOut } = await pullStream([long, { path: `${JOB}/out/link`, type: "SymbolicLink", link: "x" }]);
  expect(leftOut.map(({ reason }) => reason)).toContain("it is a link that leads too far");
  expect(await listWritten()).toEqual([]);
});

test("set-uid bits are dropped, and a file is readable for its owner", async () => {
  await pullStream([
    { path: `${JOB}/out/a`, body: "x", mode: 0o6755 },
    { path: `${JOB}/out/b`, body: "x", mode: 0 },
  ]);
  expect([await readMode("a"), await readMode("b")]).toEqual([0o755, 0o400]);
});

async function readMode(name: string): Promise<number> {
  return (await lstat(join(place.destination, JOB, "out", name))).mode & 0o7777;
}

test("nothing is written through a link that stands here", async () => {
  await mkdir(join(place.folder, "elsewhere"));
  await mkdir(join(place.destination, JOB), { recursive: true });
  await symlink(join(place.folder, "elsewhere"), join(place.destination, JOB, "out"));
  const { leftOut } = await pullFrom(local);
  expect(leftOut).toHaveLength(2);
  expect(await readdir(join(place.folder, "elsewhere"))).toEqual([]);
});

const GOOD = makeStream([
  { path: `${JOB}/out/a`, body: "good" },
  { path: `${JOB}/out/b`, body: "x".repeat(100_000) },
]);

test.each([
  ["is cut in a header", zstdCompressSync(GOOD.subarray(0, 1200))],
  ["is cut in a body", zstdCompressSync(GOOD.subarray(0, 50_000))],
  ["has no end", zstdCompressSync(GOOD.subarray(0, -1024))],
  ["ends in the middle of its compression", zstdCompressSync(GOOD).subarray(0, -20)],
  ["is no compressed stream", GOOD],
  ["has a damaged header", zstdCompressSync(Buffer.concat([GOOD.subarray(0, 5), Buffer.from("!"), GOOD.subarray(6)]))],
  ["has a header that changes names", zstdCompressSync(makeStream([{ path: "x", type: "ExtendedHeader", body: "y" }]))],
  ["has a name without end", zstdCompressSync(makeStream([longName()]))],
  ["is empty", Buffer.alloc(0)],
])("a stream that %s is no whole one, whatever its hash says", async (_, stream) => {
  await expect(pullFrom(sendInstead(local, stream))).rejects.toMatchObject({ code: "SYNC_FAILED" });
  expect(await listWritten()).toEqual([]);
});

function longName(): HandMember {
  return { path: "././@LongLink", type: "NextFileHasLongPath", body: "n".repeat(10_000) };
}

test("a stream whose hash is another, or does not come, is no whole one", async () => {
  for (const sha256 of ["0".repeat(64), ""]) {
    const transport = sendInstead(local, zstdCompressSync(GOOD), { sha256 });
    await expect(pullFrom(transport)).rejects.toMatchObject({ code: "SYNC_FAILED" });
  }
  expect(await listWritten()).toEqual([]);
});

test("a file that grew is fetched as it is, and left out where it grew beyond the limit", async () => {
  const grown = sendInstead(local, zstdCompressSync(GOOD));
  const { leftOut, files } = await pullOutputs(grown, { ...place.request, jobs: [JOB], maxFileBytes: 50_000 });
  expect([files, leftOut.map(({ reason }) => reason)]).toEqual([1, ["it grew beyond the limit for one file"]]);
  expect(await readFile(join(place.destination, JOB, "out/a"), "utf8")).toBe("good");
});

test("what grew counts toward the limit for all, and nothing of a stream beyond it is kept", async () => {
  const request = { ...place.request, jobs: [JOB] };
  const grown = sendInstead(local, zstdCompressSync(GOOD));
  // Listed are two files of five bytes.
  const refused = pullOutputs(grown, { ...request, maxTotalBytes: 100_003 });
  await expect(refused).rejects.toMatchObject({
    code: "SYNC_TOO_LARGE",
    message: expect.stringContaining("limit of 100 kB"),
  });
  expect(await listWritten()).toEqual([]);
  expect(await pullOutputs(grown, { ...request, maxTotalBytes: 100_005 })).toMatchObject({ files: 2, bytes: 100_004 });
});

test("what grew in a stream that was lost does not count", async () => {
  const grown = sendInstead(local, zstdCompressSync(GOOD));
  let times = 0;
  const transport = changeFetch(grown, async (request) => {
    const output = await grown.run(request);
    // Until it is unpacked.
    await sleep(50);
    if (++times < 3) throw new RepxError("SSH_CONNECTION_LOST", "cut", { hint: "" });
    return output;
  });
  expect(await pullOutputs(transport, { ...place.request, jobs: [JOB], maxTotalBytes: 100_005 })).toMatchObject({
    files: 2,
  });
});

test("markers count toward the limit for all", async () => {
  await writeOutputs(place.base, { [`${JOB}/repx/SUCCESS`]: "x".repeat(1000) });
  const refused = pullOutputs(local, { ...place.request, jobs: [JOB], maxTotalBytes: 1009 });
  await expect(refused).rejects.toMatchObject({ code: "SYNC_TOO_LARGE", details: { bytes: 1010 } });
});

test("a target that prints without end before the stream is not listened to for ever", async () => {
  const transport = changeFetch(local, async (request) => {
    for (;;) await request.onStdout?.(Buffer.alloc(64 * 1024, "x"));
  });
  await expect(pullFrom(transport)).rejects.toMatchObject({ code: "SSH_COMMAND_FAILED" });
});
