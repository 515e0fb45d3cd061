// Large files, which come by a command of their own: what the job does to them meanwhile, and what a target may send.
import { randomBytes } from "node:crypto";
import { appendFile, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError, type Code } from "../../model/errors.ts";
import { openLocal } from "../../target/transport/local.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { answerFile, changeFetch, describeTree, JOB, linkTools, startPullPlace, writeOutputs } from "./pull.fixture.ts";
import type { PullPlace } from "./pull.fixture.ts";
import { PULL_LIMIT } from "./pull-limit.ts";
import { pullOutputs, type Pulled } from "./pull.ts";

const SIZE = 5_000_003;
const RANDOM = randomBytes(SIZE);
const TEXT = Buffer.alloc(SIZE, "0.123456789,");

let place: PullPlace;
let local: Transport;
let path: string;

beforeEach(async () => {
  place = await startPullPlace();
  local = await openLocal();
  path = join(place.base, "outputs", JOB, "out/large");
});
afterEach(async () => place[Symbol.asyncDispose]());

async function pull(transport = local): Promise<Pulled> {
  return pullOutputs(transport, { ...place.request, jobs: [JOB] });
}

/** A target on which something happens before each large file is sent; counts how often one was asked for. */
function before(step: () => Promise<void>): { readonly transport: Transport; readonly asked: number[] } {
  const asked: number[] = [];
  const transport = changeFetch(local, async (request) => {
    asked.push(1);
    await step();
    return local.run(request);
  });
  return { transport, asked };
}

const TOOLS = ["sh", "cat", "stat", "tar", "dd", "head", "wc"];

test.each([
  ["zstd and openssl", [...TOOLS, "zstd", "openssl"], 4 * SIZE],
  ["sha256sum alone", [...TOOLS, "tee", "sha256sum"], Infinity],
  ["busybox", ["busybox"], Infinity],
])("large files of all kinds come whole from a target with %s", async (_, programs, mostBytes) => {
  const folder = await linkTools(place.folder, programs);
  if (programs.includes("busybox")) {
    for (const name of [...TOOLS, "tee", "sha256sum"]) await symlink("busybox", join(folder, name));
  }
  await using transport = await openLocal({ environment: { PATH: folder } });
  await writeOutputs(place.base, {
    [`${JOB}/out/random`]: RANDOM,
    [`${JOB}/out/text`]: TEXT,
    [`${JOB}/out/-both`]: Buffer.concat([TEXT, RANDOM]),
    [`${JOB}/out/it's\n`]: RANDOM.subarray(0, 4 * 1024 * 1024),
  });
  await writeFile(Buffer.concat([Buffer.from(path), Buffer.from([0xff])]), RANDOM);
  const { leftOut, sentBytes } = await pull(transport);
  expect(leftOut.map(({ reason }) => reason)).toEqual(programs.includes("busybox") ? [NO_LINE_FEED] : []);
  expect(sentBytes).toBeLessThan(mostBytes);
  await rm(join(place.base, "outputs", JOB, "out/it's\n"), { force: programs.includes("busybox") });
  await rm(join(place.destination, JOB, "out/it's\n"), { force: true });
  expect(await describeTree(place.destination)).toEqual(await describeTree(join(place.base, "outputs")));
});

const NO_LINE_FEED = "the target's tar cannot be told its name";

test("a file that does not compress is sent as it is", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM });
  expect(await pull()).toMatchObject({ files: 1, sentBytes: SIZE + 1 });
});

test("a file that was appended to comes as it was when it was listed, and again by the next pull", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: TEXT });
  const { transport, asked } = before(async () => appendFile(path, RANDOM));
  expect(await pull(transport)).toMatchObject({ files: 1, bytes: SIZE, leftOut: [] });
  expect(asked).toHaveLength(1);
  expect((await readFile(join(place.destination, JOB, "out/large"))).equals(TEXT)).toBe(true);
  expect(await pull()).toMatchObject({ files: 1, bytes: 2 * SIZE, leftOut: [] });
});

test.each([
  ["shrank", async () => truncate(path, SIZE - 1), "it shrank while it was fetched"],
  ["vanished", async () => rm(path), "it became something else or vanished while it was fetched"],
  [
    "became a link",
    async () => {
      await rm(path);
      await symlink("/etc/passwd", path);
    },
    "it became something else or vanished while it was fetched",
  ],
])("a file that %s is left out, with the reason", async (_, step, reason) => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM, [`${JOB}/out/small`]: "s" });
  let stepping: Promise<void> | undefined;
  const { transport } = before(async () => (stepping ??= step()));
  const { files, leftOut } = await pull(transport);
  expect([files, leftOut.map((one) => one.reason)]).toEqual([1, [reason]]);
  expect(await readdir(join(place.destination, JOB, "out"))).toEqual(["small"]);
  expect((await readdir(place.destination)).filter((name) => name.startsWith("."))).toEqual([]);
});

test.each([
  [1, 1],
  [2, 0],
])("a file that differs from its hash %d times is fetched twice at most", async (wrong, files) => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM });
  let times = 0;
  const transport = changeFetch(local, async (request, mark) => {
    times += 1;
    const body = times <= wrong ? Buffer.concat([RANDOM.subarray(0, -1), Buffer.from("x")]) : RANDOM;
    return answerFile(request, mark, Buffer.concat([Buffer.from("r"), body]), RANDOM);
  });
  const shown: number[] = [];
  const pulled = await pullOutputs(transport, {
    ...place.request,
    onProgress: ({ doneBytes }) => shown.push(doneBytes),
  });
  expect([pulled.files, times]).toEqual([files, 2]);
  expect(pulled.leftOut.map(({ reason }) => reason)).toEqual(files === 1 ? [] : ["it changed while it was fetched"]);
  expect(shown.at(-1)).toBe(SIZE);
});

/** A target to which the connection is lost whenever so many more bytes of a large file came, `times` in all. */
function lose(
  way: Transport,
  everyBytes: number,
  times: number,
  code: Code,
): { transport: Transport; skips: string[] } {
  const skips: string[] = [];
  const transport = changeFetch(way, async (request) => {
    skips.push(request.argv.at(-1) ?? "");
    let left = skips.length <= times ? everyBytes : Infinity;
    return way.run({
      ...request,
      onStdout: async (chunk) => {
        await request.onStdout?.(chunk.subarray(0, left));
        left -= chunk.length;
        if (left <= 0) throw new RepxError(code, "cut", { hint: "" });
      },
    });
  });
  return { transport, skips };
}

test.each([
  ["as it is", RANDOM, "SSH_CONNECTION_LOST", 750_000, false],
  ["compressed", Buffer.concat([TEXT, TEXT, RANDOM.subarray(0, 9e5)]), "SSH_CONNECTION_LOST", 140_000, false],
  ["by busybox", RANDOM, "SSH_CONNECTION_LOST", 750_000, true],
  ["too slowly", RANDOM, "SSH_TIMEOUT", 750_000, false],
] as const)("a large file that is sent %s goes on where it was", async (_, content, code, bytes, isBusybox) => {
  const folder = await linkTools(place.folder, isBusybox ? ["busybox"] : []);
  for (const name of [...TOOLS, "tee", "sha256sum"]) if (isBusybox) await symlink("busybox", join(folder, name));
  await using way = await openLocal(isBusybox ? { environment: { PATH: folder } } : {});
  await writeOutputs(place.base, { [`${JOB}/out/large`]: content });
  const { transport, skips } = lose(way, bytes, 6, code);
  const shown: number[] = [];
  const pulled = await pullOutputs(transport, {
    ...place.request,
    onProgress: ({ doneBytes }) => shown.push(doneBytes),
  });
  expect(pulled).toMatchObject({ files: 1, bytes: content.length, leftOut: [] });
  expect((await readFile(join(place.destination, JOB, "out/large"))).equals(content)).toBe(true);
  const blocks = skips.map(Number);
  expect(blocks).toHaveLength(7);
  expect(blocks).toEqual(blocks.toSorted((left, right) => left - right));
  expect(blocks[6]).toBeGreaterThan(40);
  expect(shown).toEqual(shown.toSorted((left, right) => left - right));
});

test("a large file that does not go on is given up after five attempts, and one that changed meanwhile begins anew", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM });
  const stuck = lose(local, 1, Infinity, "SSH_CONNECTION_LOST");
  await expect(pull(stuck.transport)).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  expect(stuck.skips).toEqual(["0", "0", "0", "0", "0"]);
  const { transport, skips } = lose(local, 2_000_000, 1, "SSH_CONNECTION_LOST");
  let times = 0;
  const changed = changeFetch(transport, async (request) => {
    if (++times === 2) await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM.toReversed() });
    return transport.run(request);
  });
  expect(await pull(changed)).toMatchObject({ files: 1, leftOut: [] });
  expect(skips).toEqual(["0", "30", "0"]);
  expect((await readFile(join(place.destination, JOB, "out/large"))).equals(RANDOM.toReversed())).toBe(true);
});

test("a large file has time by its size", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM });
  const seconds: (number | undefined)[] = [];
  const transport = changeFetch(local, async (request) => {
    seconds.push(request.deadlineSeconds);
    return local.run(request);
  });
  await pull(transport);
  expect(seconds).toEqual([PULL_LIMIT.secondsFor(SIZE)]);
});

const COMPRESSED = zstdCompressSync(TEXT);
test.each([
  ["ends without its hash", Buffer.concat([Buffer.from("r"), RANDOM]), undefined],
  ["never begins", Buffer.alloc(0), undefined],
  ["is cut in its compression", Buffer.concat([Buffer.from("z"), COMPRESSED.subarray(0, -9)]), TEXT],
  ["is damaged in its compression", Buffer.concat([Buffer.from("z"), Buffer.alloc(90_000)]), TEXT],
])("a stream that %s is no whole one", async (_, stream, hashed) => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: RANDOM });
  const transport = changeFetch(local, async (request, mark) => answerFile(request, mark, stream, hashed));
  await expect(pull(transport)).rejects.toMatchObject({ code: "SYNC_FAILED" });
  expect(Object.values(await describeTree(place.destination)).filter((what) => what !== "folder")).toEqual([]);
});

test("what comes beyond a file's size is not kept, however much it is", async () => {
  await writeOutputs(place.base, { [`${JOB}/out/large`]: TEXT });
  for (const stream of [
    Buffer.concat([Buffer.from("r"), TEXT, RANDOM]),
    Buffer.concat([Buffer.from("z"), zstdCompressSync(Buffer.concat([TEXT, RANDOM]))]),
  ]) {
    const transport = changeFetch(local, async (request, mark) => answerFile(request, mark, stream, TEXT));
    expect(await pull(transport)).toMatchObject({ files: 1, bytes: SIZE });
    expect((await readFile(join(place.destination, JOB, "out/large"))).equals(TEXT)).toBe(true);
    await rm(place.destination, { recursive: true });
  }
});
