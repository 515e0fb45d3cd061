// Large files, of which no hash is known until one may be shared.
import { lstatSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunRequest, Transport } from "../../target/transport/transport.ts";
import { makeNoise, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";

const SIZE = 13 << 20;
const OLD = makeNoise(1, SIZE);
const NAME = "-odd\nname of ünknown length";
let stand: Stand;

beforeEach(async () => {
  stand = await startStand();
  writeTexts(stand.makeSource(nameStore("a")), { [NAME]: OLD });
  await stand.push([storeItem(stand.makeSource(nameStore("a")))]);
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

/** The target, and how often it was asked for hashes. */
function countQuestions(): { over: Transport; asked: () => number } {
  let asked = 0;
  const run = async (request: RunRequest) => {
    if (request.argv.some((word) => word.includes("while read -r path"))) asked += 1;
    return stand.transport.run(request);
  };
  return { over: { ...stand.transport, run }, asked: () => asked };
}

async function pushNext(texts: Record<string, Uint8Array>) {
  const source = stand.makeSource(nameStore("b"));
  writeTexts(source, texts);
  const { over, asked } = countQuestions();
  return { pushed: await stand.push([storeItem(source)], { over }), asked: asked(), source };
}

function place(letter: string, path: string): string {
  return join(stand.base, "artifacts/store", nameStore(letter), path);
}

test("one of the same content is linked, whatever its name, after one question", async () => {
  const { pushed, asked } = await pushNext({ moved: OLD });
  expect(asked).toBe(1);
  expect(pushed).toMatchObject({ linkedFiles: 1, bytes: 0 });
  expect(lstatSync(place("b", "moved")).ino).toBe(lstatSync(place("a", NAME)).ino);
});

test("one of the same size and other content is sent", async () => {
  const other = makeNoise(2, SIZE);
  const { pushed, asked } = await pushNext({ [NAME]: other });
  expect(asked).toBe(1);
  expect(pushed).toMatchObject({ linkedFiles: 0, bytes: SIZE });
  expect(Buffer.compare(readFileSync(place("b", NAME)), other)).toBe(0);
});

test("nothing is asked for one of another size", async () => {
  const { pushed, asked } = await pushNext({ [NAME]: OLD.subarray(0, SIZE - 4) });
  expect(asked).toBe(0);
  expect(pushed).toMatchObject({ linkedFiles: 0 });
});

test("one that is gone from the target is sent", async () => {
  rmSync(place("a", NAME), { force: true });
  const { pushed } = await pushNext({ [NAME]: OLD });
  expect(pushed).toMatchObject({ linkedFiles: 0, bytes: SIZE });
});

test("what was asked for once is known from then on", async () => {
  await pushNext({ [NAME]: OLD });
  const source = stand.makeSource(nameStore("c"));
  writeTexts(source, { [NAME]: OLD });
  rmSync(join(stand.base, "artifacts/.index", `store%${nameStore("a")}`));
  const { over, asked } = countQuestions();
  expect(await stand.push([storeItem(source)], { over })).toMatchObject({ linkedFiles: 1 });
  expect(asked()).toBe(0);
});

test("a target without decoders gets large and small files whole, each checked by its hash", async () => {
  const source = stand.makeSource(nameStore("d", "other-1.0"));
  const small = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}`, makeNoise(index, 1 << 19)]));
  writeTexts(source, { large: OLD, ...small });
  const facts = { ...stand.readFacts(), decoders: [] };
  expect(await stand.push([storeItem(source)], { facts })).toMatchObject({ files: 41 });
  for (const [path, content] of Object.entries({ large: OLD, ...small })) {
    const there = join(stand.base, "artifacts/store", nameStore("d", "other-1.0"), path);
    expect(Buffer.compare(readFileSync(there), content)).toBe(0);
  }
});
