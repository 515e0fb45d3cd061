// Pushes that are cut, killed, disturbed and begun again.
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../packages/core/src/model/errors.ts";
import { runCommand } from "../../packages/core/src/target/command/command.ts";
import type { RunRequest, Transport } from "../../packages/core/src/target/transport/transport.ts";
import { listTree, startScratch, type Scratch } from "../../packages/core/src/sync/pack/tar-tree.fixture.ts";
import {
  makeNoise,
  nameScript,
  nameStore,
  startStand,
  storeItem,
  writeTexts,
  type Stand,
} from "../../packages/core/src/sync/push/push.fixture.ts";
import type { PushItem } from "../../packages/core/src/sync/push/push.ts";

const MIB = 1 << 20;
let library: Scratch;
let stand: Stand;
let item: PushItem;
let source: string;

beforeAll(async () => {
  library = await startScratch();
  source = join(library.path, nameStore("a"));
  item = storeItem(source);
  // Six parcels: a slice that compresses, one that does not, and four bundles.
  writeTexts(source, { noise: makeNoise(1, 16 * MIB + 4096), text: "some line of text\n".repeat(MIB) });
  for (let index = 0; index < 8; index += 1) writeTexts(source, { [`${index}`]: makeNoise(index, 2 * MIB) });
});

afterAll(async () => {
  await library[Symbol.asyncDispose]();
});

beforeEach(async () => {
  stand = await startStand();
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

function lose(): RepxError {
  return new RepxError("SSH_CONNECTION_LOST", "the line was cut", { hint: "" });
}

/** The target over a line: `before` may break a command before it runs, `after` once it ran. */
function interrupt(steps: {
  before?: (request: RunRequest) => void;
  after?: (request: RunRequest) => void;
}): Transport {
  return {
    ...stand.transport,
    run: async (request) => {
      steps.before?.(request);
      const output = await stand.transport.run(request);
      steps.after?.(request);
      return output;
    },
  };
}

async function* cutAfter(stdin: RunRequest["stdin"], limit: number): AsyncGenerator<Uint8Array> {
  if (typeof stdin !== "object" || stdin instanceof Uint8Array) throw new Error("not a stream");
  let left = limit;
  for await (const chunk of stdin) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** The stream of the nth command that receives ends early, as if the client were gone; the commands after it fail. */
function cutStream(nth: number, limit: number): Transport {
  let received = 0;
  return {
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) === "receive") received += 1;
      if (received > nth) throw lose();
      if (received < nth || nameScript(request) !== "receive") return stand.transport.run(request);
      await stand.transport.run({ ...request, stdin: cutAfter(request.stdin, limit) });
      throw lose();
    },
  };
}

/** A list without the modes and times that a store has otherwise. */
function strip(list: string): string {
  return list.replaceAll(/ (f|d) \d+ \S+/g, " $1");
}

async function expectWhole(): Promise<void> {
  const there = await listTree(join(stand.base, "artifacts/store", nameStore("a")));
  expect(strip(there)).toBe(strip(await listTree(source)));
  expect(stand.listStaging()).toEqual([]);
}

// The first two parcels are slices.
test.each([
  [1, 0],
  [2, 18],
  [4, 38],
  [6, 46],
])("sends only what is missing after it was killed at parcel %i", async (nth, resumedLeast) => {
  let received = 0;
  const over = interrupt({
    before: (request) => {
      if (nameScript(request) === "receive" && ++received >= nth) throw lose();
    },
  });
  await expect(stand.push([item], { over, channels: 1 })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  expect(readdirSync(join(stand.base, "artifacts/store"))).toEqual([]);
  expect(stand.listStaging()).toHaveLength(nth === 1 ? 0 : 1);
  const { resumedBytes, bytes, sentBytes } = await stand.push([item]);
  await expectWhole();
  expect(resumedBytes).toBeGreaterThanOrEqual(resumedLeast * MIB);
  expect(resumedBytes).toBeLessThan(bytes);
  // What ends a push weighs little, and stored parts a little more than what is in them.
  expect(sentBytes).toBeLessThan(bytes - resumedBytes + MIB / 4);
});

test.each([0, 1, 100_000, 3 * MIB])("counts nothing of a parcel whose stream ended after %i bytes", async (limit) => {
  for (const nth of [1, 2, 2]) {
    const over = cutStream(nth, limit);
    await expect(stand.push([item], { over, channels: 1 })).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
    expect(readdirSync(join(stand.base, "artifacts/store"))).toEqual([]);
    const [left = ""] = stand.listStaging();
    expect(readdirSync(join(stand.base, "artifacts/.staging", left, "running"))).toEqual([]);
  }
  await stand.push([item]);
  await expectWhole();
});

test("goes on by itself when the line comes back, and sends no parcel twice that had arrived", async () => {
  let runs = 0;
  const after = (): void => {
    if (++runs % 2 === 0) throw lose();
  };
  const whole = await stand.push([{ ...item, destination: "artifacts/store/other" }]);
  const pushed = await stand.push([item], { over: interrupt({ after }), channels: 2 });
  expect(pushed.sentBytes).toBeLessThan(whole.sentBytes + 16 * MIB);
  await expectWhole();
});

test("I-40: gives up when nothing arrives any more, and keeps what did", async () => {
  let runs = 0;
  const before = (): void => {
    if (++runs > 3) throw lose();
  };
  await expect(stand.push([item], { over: interrupt({ before }), channels: 1 })).rejects.toThrow("the line was cut");
  expect(runs).toBe(3 + 5);
  expect(stand.listStaging()).toHaveLength(1);
});

test("is content when its publishing was cut after it had come to its end", async () => {
  let cuts = 0;
  const after = (request: RunRequest): void => {
    if (nameScript(request) === "publish" && cuts++ === 0) throw lose();
  };
  const submission = join(stand.folder, "s1");
  writeTexts(submission, { token: "t" });
  await stand.push([item, { source: submission, destination: "submissions/s1" }], { over: interrupt({ after }) });
  expect(cuts).toBe(2);
  expect(readFileSync(join(stand.base, "submissions/s1/token"), "utf8")).toBe("t");
  await expectWhole();
});

test("resumes the Lab of another run, and takes nothing of its submission", async () => {
  const [one, two] = ["s1", "s2"].map((name) => join(stand.folder, name));
  writeTexts(one ?? "", { token: "1", old: "old" });
  writeTexts(two ?? "", { token: "2" });
  const over = interrupt({
    before: (request) => {
      if (nameScript(request) === "publish") throw lose();
    },
  });
  const submissions = [one, two].map((place = "", index) => ({
    source: place,
    destination: `submissions/s${index + 1}`,
  }));
  await expect(stand.push([item, ...submissions.slice(0, 1)], { over })).rejects.toThrow("the line was cut");
  const pushed = await stand.push([item, ...submissions.slice(1)]);
  expect(pushed.sentBytes).toBeLessThan(1000);
  expect(readdirSync(join(stand.base, "submissions"))).toEqual(["s2"]);
  expect(readdirSync(join(stand.base, "submissions/s2"))).toEqual(["token"]);
  await expectWhole();
});

test("a file of several slices goes on at the slice that was cut", async () => {
  const large = storeItem(join(library.path, nameStore("l")));
  writeTexts(large.source, { file: Buffer.alloc(130 * MIB, "words of a file that is larger than two slices ") });
  const over = cutStream(2, 1000);
  await expect(stand.push([large], { over, channels: 1 })).rejects.toThrow("the line was cut");
  expect(await stand.push([large])).toMatchObject({ bytes: 130 * MIB, resumedBytes: 64 * MIB });
  const there = await listTree(join(stand.base, "artifacts/store", nameStore("l")));
  expect(strip(there)).toBe(strip(await listTree(large.source)));
});

test("an index of a resumed push knows every file's content, save of large ones", async () => {
  const over = interrupt({
    before: (request) => {
      if (nameScript(request) === "publish") throw lose();
    },
  });
  await expect(stand.push([item], { over })).rejects.toThrow("the line was cut");
  await stand.push([item]);
  const index = readFileSync(join(stand.base, "artifacts/.index", `store%${nameStore("a")}`), "utf8");
  expect(index.match(/^f .* [0-9a-f]{48,} /gm)).toHaveLength(8);
  expect(index.match(/^f .* - /gm)).toHaveLength(2);
});

test("takes over no folder in which somebody is at work", async () => {
  let received = 0;
  const before = (request: RunRequest): void => {
    if (nameScript(request) === "receive" && ++received > 2) throw lose();
  };
  await expect(stand.push([item], { over: interrupt({ before }), channels: 1 })).rejects.toThrow("the line was cut");
  const [left = ""] = stand.listStaging();
  const host = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
  for (const owner of [`${host}.${process.pid}`, "another.host.17"]) {
    const running = join(stand.base, "artifacts/.staging", left, "running");
    writeFileSync(join(running, owner), "");
    expect(await stand.push([{ ...item }])).toMatchObject({ resumedBytes: 0 });
    expect(stand.listStaging()).toEqual([left]);
    expect(readdirSync(running)).toEqual([owner]);
    renameSync(join(running, owner), join(stand.folder, owner));
    renameSync(join(stand.base, "artifacts/store", nameStore("a")), join(stand.folder, `away-${owner}`));
  }
});

test("a push whose folder was taken goes on in another one, and both end well", async () => {
  const taken: Promise<unknown>[] = [];
  let received = 0;
  const over = interrupt({
    after: (request) => {
      if (nameScript(request) === "receive" && ++received === 3) taken.push(stand.push([item]));
    },
  });
  await stand.push([item], { over, channels: 1 });
  expect(await Promise.all(taken)).toMatchObject([{ bytes: expect.any(Number) }]);
  await expectWhole();
});

test("three pushes of the same at once all end well", async () => {
  const facts = stand.readFacts();
  await Promise.all([1, 2, 3].map(async () => stand.push([item], { facts })));
  await expectWhole();
});

test("of two pushes that find the same folder one takes it", async () => {
  let received = 0;
  const before = (request: RunRequest): void => {
    if (nameScript(request) === "receive" && ++received > 4) throw lose();
  };
  await expect(stand.push([item], { over: interrupt({ before }), channels: 1 })).rejects.toThrow("the line was cut");
  const facts = stand.readFacts();
  const pushes = await Promise.all([1, 2].map(async () => stand.push([item], { facts })));
  expect(pushes.filter(({ resumedBytes }) => resumedBytes > 0)).toHaveLength(1);
  await expectWhole();
});

test("sends again what arrived with another content, and tells when it never arrives right", async () => {
  let flips = 0;
  const spoil = (limit: number): Transport => ({
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) !== "receive" || flips >= limit) return stand.transport.run(request);
      flips += 1;
      return stand.transport.run({ ...request, stdin: flipByte(request.stdin) });
    },
  });
  await stand.push([item], { over: spoil(2), channels: 2 });
  await expectWhole();
  flips = 0;
  const next = { source, destination: `artifacts/store/${nameStore("b")}` };
  await expect(stand.push([next], { over: spoil(1000) })).rejects.toMatchObject({
    code: "SYNC_FAILED",
    message: expect.stringContaining("3 times"),
  });
  expect(existsSync(join(stand.base, next.destination))).toBe(false);
  expect(stand.listStaging()).toEqual([]);
});

async function* flipByte(stdin: RunRequest["stdin"]): AsyncGenerator<Uint8Array> {
  if (typeof stdin !== "object" || stdin instanceof Uint8Array) throw new Error("not a stream");
  let isFirst = true;
  for await (const chunk of stdin) {
    const copy = Uint8Array.from(chunk);
    if (isFirst) copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
    isFirst = false;
    yield copy;
  }
}

test("tells that a file changed while it was sent, and leaves nothing", async () => {
  const changing = join(stand.folder, nameStore("c"));
  await runCommand({ argv: ["cp", "-r", source, changing] });
  const after = (request: RunRequest): void => {
    if (nameScript(request) === "receive") writeFileSync(join(changing, "7"), "shorter");
  };
  const push = stand.push([storeItem(changing)], { over: interrupt({ after }), channels: 1 });
  await expect(push).rejects.toMatchObject({ code: "SYNC_SOURCE_CHANGED" });
  expect(stand.listStaging()).toEqual([]);
});

test("refuses what has no room before anything is sent", async () => {
  const facts = { ...stand.readFacts(), freeBytes: 40 * MIB };
  await expect(stand.push([item], { facts })).rejects.toMatchObject({
    code: "SYNC_NO_SPACE",
    message: expect.stringContaining("41.9 MB are free"),
  });
  expect(stand.listStaging()).toEqual([]);
});

/** The stream of the nth command that receives stops in its middle, and never ends. */
function stallStream(nth: number): Transport {
  let received = 0;
  return {
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) !== "receive" || ++received < nth) return stand.transport.run(request);
      return stand.transport.run({ ...request, stdin: stallAfter(request.stdin, 100_000) });
    },
  };
}

async function* stallAfter(stdin: RunRequest["stdin"], limit: number): AsyncGenerator<Uint8Array> {
  yield* cutAfter(stdin, limit);
  await new Promise(() => {});
}

test("ends in its time when nothing moves any more, and what arrived stays", async () => {
  const begin = performance.now();
  const push = stand.push([item], { over: stallStream(3), deadlineSeconds: 8, channels: 1 });
  await expect(push).rejects.toMatchObject({ code: "SSH_TIMEOUT" });
  expect(performance.now() - begin).toBeLessThan(20_000);
  expect(readdirSync(join(stand.base, "artifacts/store"))).toEqual([]);
  const [left = ""] = stand.listStaging();
  const arrived = readdirSync(join(stand.base, "artifacts/.staging", left, "arrived"));
  expect(arrived.filter((mark) => !mark.startsWith("file-"))).toHaveLength(2);
  expect((await stand.push([item])).resumedBytes).toBeGreaterThan(16 * MIB);
  await expectWhole();
});

test("a folder of the same plan that another user owns is left alone", async () => {
  const over = interrupt({
    before: (request) => {
      if (nameScript(request) === "publish") throw lose();
    },
  });
  await expect(stand.push([item], { over })).rejects.toThrow("the line was cut");
  const [left = ""] = stand.listStaging();
  chownSync(join(stand.base, "artifacts/.staging", left), 0, 0);
  mkdirSync(join(stand.base, "artifacts/.staging", "unrelated"));
  expect(await stand.push([item])).toMatchObject({ resumedBytes: 0 });
  expect(stand.listStaging().toSorted()).toEqual([left, "unrelated"].toSorted());
});
