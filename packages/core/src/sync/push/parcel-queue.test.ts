import { expect, test } from "vitest";
import type { Packed } from "../pack/packer.ts";
import type { Slice } from "../pack/parcel.ts";
import { startQueue } from "./parcel-queue.ts";

const SENDERS = 6;
const PACKED: Packed = {
  bytes: new Uint8Array(1),
  encoding: "none",
  sha256: "",
  fileHashes: new Map(),
  release: () => {},
};

function makeSlices(count: number): Slice[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "slice",
    id: `${index}`,
    item: 1,
    path: "f",
    offsetBytes: 0,
    sizeBytes: 1,
    encoding: "zstd",
  }));
}

test("holds at most four packed parcels, however many senders there are", async () => {
  let packed = 0;
  const queue = startQueue(makeSlices(20), SENDERS, async () => {
    packed += 1;
    return PACKED;
  });
  const taken = await Promise.all(Array.from({ length: 4 }, async () => queue.take()));
  expect(packed).toBe(4);
  const fifth = queue.take();
  const [first] = taken;
  if (first === undefined) throw new Error("there are twenty");
  queue.release(first);
  expect((await fifth)?.parcel.id).toBe("4");
  expect(packed).toBe(5);
});

test("what is packed as it goes takes no memory: all senders have one, and two wait", async () => {
  let begun = 0;
  const queue = startQueue(makeSlices(20), SENDERS, async () => {
    begun += 1;
    return undefined;
  });
  for (let index = 0; index < SENDERS; index += 1) expect((await queue.take())?.parcel.id).toBe(`${index}`);
  expect(begun).toBe(SENDERS + 2);
});

test("hands out every parcel once, in order, and then nothing", async () => {
  const queue = startQueue(makeSlices(9), SENDERS, async ({ id }) => (Number(id) % 2 === 0 ? PACKED : undefined));
  const ids: string[] = [];
  for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
    ids.push(next.parcel.id);
    queue.release(next);
  }
  expect(ids).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
});

test("whoever waits gets nothing once it is stopped", async () => {
  const queue = startQueue(makeSlices(20), SENDERS, async () => PACKED);
  await Promise.all(Array.from({ length: 4 }, async () => queue.take()));
  const waiting = queue.take();
  queue.stop();
  expect(await waiting).toBeUndefined();
  await queue.drain();
});
