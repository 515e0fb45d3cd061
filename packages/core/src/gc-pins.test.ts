import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRoots } from "./gc/collect-garbage.ts";
import { pinLab, unpinLab } from "./gc/pin.ts";
import { listNeeds, sketchLab, startGcStand, type GcStand } from "./gc-stand.fixture.ts";

let stand: GcStand;

beforeEach(async () => {
  stand = await startGcStand();
});
afterEach(async () => stand[Symbol.asyncDispose]());

const LAB = sketchLab("a", [1]);

async function pin(lab: string, name?: string) {
  return pinLab(stand.transport, stand.base, { lab, ...(name === undefined ? {} : { name }) });
}

async function unpin(name: string) {
  return unpinLab(stand.transport, stand.base, name);
}

test("a pin keeps all that the Lab's roots kept, until it is taken away", async () => {
  await stand.register(LAB);
  await stand.register({ ...LAB, jobIds: sketchLab("a", [1, 2]).jobIds });
  await stand.place(sketchLab("a", [1, 2]));
  expect(await pin("aa", "paper-2026")).toEqual({ name: "paper-2026", lab: LAB.hash });
  await stand.age(3);
  await stand.collect({ isPinnedOnly: true });
  const kept = [...listNeeds(LAB), ...listNeeds(sketchLab("a", [2])).filter((place) => place.includes("stage"))];
  expect(await stand.list()).toEqual([...new Set(kept)].toSorted());
  expect((await readRoots(stand.transport, stand.base)).roots).toEqual([
    { kind: "pinned", name: "paper-2026", lab: LAB.hash, state: "pinned" },
  ]);
  expect(await unpin("paper")).toEqual({ name: "paper-2026", lab: LAB.hash });
  await stand.collect();
  expect(await stand.list()).toEqual([]);
});

test("without a name it is the Lab's hash, and pinning again changes nothing", async () => {
  await stand.register(LAB);
  expect((await pin(LAB.hash)).name).toBe(LAB.hash);
  const path = join(stand.base, "gcroots/pinned", LAB.hash);
  const before = await readFile(path, "utf8");
  await rm(join(stand.base, "gcroots/auto"), { recursive: true });
  await pin(LAB.hash);
  expect(await readFile(path, "utf8")).toBe(before);
  expect(await readdir(join(stand.base, "gcroots/pinned"))).toEqual([LAB.hash]);
});

test("a Lab without a root cannot be pinned, and the message names those that can", async () => {
  await expect(pin("bbbb")).rejects.toMatchObject({ code: "GC_ROOT_UNKNOWN", hint: expect.stringContaining("No Lab") });
  await stand.register(LAB);
  await expect(pin("bbbb")).rejects.toMatchObject({ code: "GC_ROOT_UNKNOWN", hint: expect.stringContaining(LAB.hash) });
});

test("a name is one Lab's alone, and no path", async () => {
  const other = sketchLab("b", [2]);
  await stand.register(LAB);
  await stand.register(other);
  await pin(LAB.hash, "paper");
  await expect(pin(other.hash, "paper")).rejects.toMatchObject({
    code: "INPUT_INVALID",
    hint: expect.stringContaining("repx gc unpin paper"),
  });
  await expect(pin(other.hash, "../auto")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(pin(other.hash, ".hidden")).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("of pins that begin alike the whole name must be given", async () => {
  await stand.register(LAB);
  await pin(LAB.hash, "paper");
  await pin(LAB.hash, "paper-2");
  await pin(LAB.hash, "paper-3");
  await expect(unpin("paper-")).rejects.toMatchObject({
    code: "GC_ROOT_UNKNOWN",
    message: "several pins begin with paper-",
    hint: "Pins are: paper-2, paper-3.",
  });
  expect((await unpin("paper")).name).toBe("paper");
  await expect(unpin("poster")).rejects.toMatchObject({ code: "GC_ROOT_UNKNOWN" });
});
