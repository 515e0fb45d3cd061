// What the receiving end makes of streams that are cut, and of folders that others take at the worst moment.
import { hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { runCommand } from "../../target/command/command.ts";
import type { RunRequest, Transport } from "../../target/transport/transport.ts";
import { encodeEnd, encodeParcel } from "../pack/encode.ts";
import { makeNoise, nameScript, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";
import { RECEIVE_BUNDLE, RECEIVE_SLICE } from "./receive-scripts.ts";

const MIB = 1 << 20;
const ID = "0123456789abcdef0123456789abcdef";
let stand: Stand;
let staging: string;

beforeEach(async () => {
  stand = await startStand();
  staging = join(stand.base, "artifacts/.staging/plan.one");
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

async function receive(script: string, words: readonly string[], stdin: Uint8Array): Promise<number> {
  const argv = ["sh", "-c", script, "push", stand.base, "plan.one", "", ID, ...words];
  return (await stand.transport.run({ argv, stdin })).exitCode;
}

test.each([0, 1, 65_536, 100_000, 131_072, 200_000])("a slice of which %i bytes came has not arrived", async (size) => {
  const words = ["make", "none", "1/file", "0", "3", "3392"];
  expect(await receive(RECEIVE_SLICE, words, new Uint8Array(size))).toBe(74);
  expect(readdirSync(join(staging, "arrived"))).toEqual([]);
  expect(readdirSync(join(staging, "running"))).toEqual([]);
});

test("a slice has arrived when its id follows it, and is not read again", async () => {
  const content = makeNoise(1, 200_000);
  const words = ["make", "none", "1/file", "2", "3", "3392"];
  expect(await receive(RECEIVE_SLICE, words, Buffer.concat([content, Buffer.from(`${ID}\n`)]))).toBe(0);
  expect(readFileSync(join(staging, "1/file")).subarray(131_072)).toEqual(Buffer.from(content));
  expect(await receive(RECEIVE_SLICE, words, new Uint8Array(0))).toBe(0);
  const again = words.with(0, "again");
  expect(await receive(RECEIVE_SLICE, again, new Uint8Array(0))).toBe(74);
});

test.each(["zstd", "gzip"] as const)(
  "a slice as %s has arrived when all of it and its id came unchanged",
  async (encoding) => {
    const content = Buffer.from(makeNoise(1, 200_000));
    const encode = (bytes: Buffer) => encodeParcel(bytes, encoding, Infinity).bytes;
    const parts = [content.subarray(0, 150_000), content.subarray(150_000)].map(encode);
    const whole = Buffer.concat([...parts, encodeEnd(ID, encoding)]);
    const words = ["make", encoding, "1/file", "2", "3", "3392"];
    // A byte of the content, of the last checksum, and of the id; and an end between two parts.
    for (const place of [1000, whole.length - encodeEnd(ID, encoding).length - 1, whole.length - 10]) {
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect([place, await receive(RECEIVE_SLICE, words, changed)]).toEqual([place, 74]);
    }
    expect(await receive(RECEIVE_SLICE, words, parts[0] ?? content)).toBe(74);
    expect(readdirSync(join(staging, "arrived"))).toEqual([]);
    expect(await receive(RECEIVE_SLICE, words, whole)).toBe(0);
    expect(readFileSync(join(staging, "1/file")).subarray(131_072)).toEqual(content);
  },
);

test.each(["zstd", "gzip"] as const)("a bundle as %s of which a byte changed has not arrived", async (encoding) => {
  const { bytes } = await packOne();
  const encoded = Buffer.from(encodeParcel(Buffer.from(bytes), encoding, Infinity).bytes);
  const words = ["make", "-", "sha256sum", encoding];
  for (const place of [encoded.length >> 1, encoded.length - (encoding === "gzip" ? 8 : 1)]) {
    const changed = Buffer.from(encoded);
    changed[place] = (changed[place] ?? 0) ^ 1;
    expect([place, await receive(RECEIVE_BUNDLE, words, changed)]).toEqual([place, 74]);
  }
  expect(await receive(RECEIVE_BUNDLE, words, encoded.subarray(0, -3))).toBe(74);
  expect(readdirSync(join(staging, "arrived"))).toEqual([]);
  expect(await receive(RECEIVE_BUNDLE, words, encoded)).toBe(0);
  expect(readFileSync(join(staging, "1/f"), "utf8")).toBe("f");
});

test("what does not have its hash is never unpacked", async () => {
  const words = ["make", "0".repeat(64), "sha256sum", "none"];
  expect(await receive(RECEIVE_BUNDLE, words, Buffer.from("no archive at all"))).toBe(74);
  expect(readdirSync(staging).toSorted()).toEqual(["arrived", "claimed", "running"]);
  expect(readdirSync(join(staging, "claimed"))).toEqual([]);
});

test("a writer whose folder was renamed after it had entered counts for nothing", async () => {
  await receive(RECEIVE_SLICE, ["make", "none", "1/file", "0", "0", "0"], new Uint8Array(0));
  const renaming = 'cd() { command cd "$1" && mv "$stage" "$stage.taken"; }\n';
  const stdin = Buffer.from(`${ID}\n`);
  expect(await receive(renaming + RECEIVE_SLICE, ["-", "none", "1/file", "0", "0", "0"], stdin)).toBe(75);
  expect(readdirSync(join(`${staging}.taken`, "arrived"))).toEqual([]);
  expect(readdirSync(join(`${staging}.taken`, "running"))).toEqual([]);
});

test("a folder that is gone is not made again", async () => {
  const stdin = Buffer.from(`${ID}\n`);
  expect(await receive(RECEIVE_SLICE, ["-", "none", "1/file", "0", "0", "0"], stdin)).toBe(75);
  expect(stand.listStaging()).toEqual([]);
});

/** A bundle with one file, and its SHA-256. */
async function packOne(): Promise<{ bytes: Uint8Array; words: string[] }> {
  writeTexts(stand.folder, { ".staging/plan.one/1/f": "f" });
  const archive = join(stand.folder, "one.tar");
  await runCommand({ argv: ["tar", "-cf", archive, "-C", stand.folder, ".staging/plan.one/1/f"] });
  const bytes = readFileSync(archive);
  return { bytes, words: ["make", hash("sha256", bytes), "sha256sum", "none"] };
}

async function makeStaging(): Promise<string> {
  expect(await receive(RECEIVE_SLICE, ["make", "none", "2/x", "0", "0", "0"], new Uint8Array(0))).toBe(74);
  return readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
}

test("what a dead writer had begun to unpack is unpacked by the next one", async () => {
  const { bytes, words } = await packOne();
  const host = await makeStaging();
  writeFileSync(join(staging, "claimed", ID), `${host}.4194000\n`);
  expect(await receive(RECEIVE_BUNDLE, words, bytes)).toBe(0);
  expect(readFileSync(join(staging, "1/f"), "utf8")).toBe("f");
  expect(readdirSync(join(staging, "arrived"))).toEqual([ID]);
});

test("what a living writer is unpacking is waited for, and not unpacked twice", async () => {
  const { bytes, words } = await packOne();
  const host = await makeStaging();
  writeFileSync(join(staging, "claimed", ID), `${host}.${process.pid}\n`);
  const received = receive(RECEIVE_BUNDLE, words, bytes);
  const running = join(staging, "running");
  for (let turn = 0; turn < 1000 && measureFiles(running) < bytes.length; turn += 1) await sleep(10);
  writeFileSync(join(staging, "arrived", ID), "");
  expect(await received).toBe(0);
  expect(existsSync(join(staging, "1"))).toBe(false);
});

function measureFiles(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

test("a push that finds that something it sent is gone sends all of it again", async () => {
  const source = stand.makeSource(nameStore("a"));
  writeTexts(source, { noise: makeNoise(1, MIB), other: "other" });
  let publishings = 0;
  const over = interrupt((request) => {
    if (nameScript(request) !== "publish" || ++publishings > 1) return;
    const [name = ""] = stand.listStaging();
    const arrived = join(stand.base, "artifacts/.staging", name, "arrived");
    for (const id of readdirSync(arrived)) rmSync(join(arrived, id));
  });
  const pushed = await stand.push([storeItem(source)], { over });
  expect(publishings).toBe(2);
  expect(pushed.sentBytes).toBeGreaterThan(2 * MIB);
  expect(stand.listStaging()).toEqual([]);
});

test("leaves a file alone that is there already", async () => {
  const [one, two] = ["one", "two"].map((text) => {
    const source = join(stand.folder, text, nameStore("a", "file"));
    writeTexts(join(stand.folder, text), { [nameStore("a", "file")]: text });
    return storeItem(source);
  });
  if (one === undefined || two === undefined) throw new Error("not made");
  await stand.push([one]);
  await stand.push([two]);
  expect(readFileSync(join(stand.base, one.destination), "utf8")).toBe("one");
});

test("gives up after a while when others take every folder", async () => {
  const source = stand.makeSource(nameStore("a"));
  writeTexts(source, { f: "f" });
  const over = interrupt((request) => {
    if (nameScript(request) !== "publish") return;
    for (const name of stand.listStaging()) rmSync(join(stand.base, "artifacts/.staging", name), { recursive: true });
  });
  const push = stand.push([storeItem(source)], { over });
  await expect(push).rejects.toMatchObject({ code: "SYNC_FAILED", message: expect.stringContaining("others keep") });
});

test("an error of its own ends all that is under way", async () => {
  const source = stand.makeSource(nameStore("a"));
  for (let index = 0; index < 8; index += 1) writeTexts(source, { [`${index}`]: makeNoise(index, 2 * MIB) });
  let received = 0;
  const over = interrupt((request) => {
    if (nameScript(request) === "receive" && ++received === 2) {
      throw new RepxError("SSH_COMMAND_FAILED", "something else", { hint: "" });
    }
  });
  await expect(stand.push([storeItem(source)], { over })).rejects.toThrow("something else");
  expect(stand.listStaging()).toEqual([]);
});

/** The target with somebody who does something before a command. */
function interrupt(before: (request: RunRequest) => void): Transport {
  return {
    ...stand.transport,
    run: async (request) => {
      before(request);
      return stand.transport.run(request);
    },
  };
}

test("gives a parcel the time that it takes beside as large ones on all channels", async () => {
  const source = stand.makeSource(nameStore("a"));
  writeTexts(source, { noise: makeNoise(1, MIB) });
  const seconds: number[] = [];
  const over = interrupt((request) => {
    if (nameScript(request) === "receive") seconds.push(request.deadlineSeconds ?? 0);
  });
  await stand.push([storeItem(source)], { over, channels: 4 });
  // 60 seconds, and 4 MiB at 100 kB/s.
  expect(seconds.map(Math.round)).toEqual([102]);
});
