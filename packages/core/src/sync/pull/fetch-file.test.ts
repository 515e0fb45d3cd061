// Large files, which come by a command of their own: what the job does to them meanwhile, and what a target may send.
import { randomBytes } from "node:crypto";
import { appendFile, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocal } from "../../target/local.ts";
import type { Transport } from "../../target/transport.ts";
import { answerFile, changeFetch, describeTree, JOB, linkTools, startPullPlace, writeOutputs } from "./pull.fixture.ts";
import type { PullPlace } from "./pull.fixture.ts";
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
  let times = 0;
  const { transport } = before(async () => (times++ === 0 ? step() : undefined));
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
