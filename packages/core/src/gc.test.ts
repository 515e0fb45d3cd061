import { chown, cp, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import fc from "fast-check";
import { pinLab } from "./gc/pin.ts";
import { readRoots } from "./gc/collect-garbage.ts";
import { listNeeds, sketchLab, startGcStand, type GcStand, type LabSketch } from "./gc-stand.fixture.ts";

let stand: GcStand;

beforeEach(async () => {
  stand = await startGcStand();
});
afterEach(async () => stand[Symbol.asyncDispose]());

const [KEPT, OTHER] = [sketchLab("a", [1, 2]), sketchLab("b", [2, 3])];

/** A Lab that was submitted some days ago. */
async function submit(lab: LabSketch, days = 3, project?: string): Promise<void> {
  await stand.register(lab, project);
  await stand.place(lab);
  await stand.age(days);
}

/** Everything of these, each once. */
function joinNeeds(...labs: readonly LabSketch[]): string[] {
  return [...new Set(labs.flatMap(listNeeds))].toSorted();
}

async function listRoots(): Promise<string[]> {
  const { roots } = await readRoots(stand.transport, stand.base);
  return roots.map(({ lab, state }) => `${lab.slice(0, 1)} ${state}`).toSorted();
}

async function listAside(): Promise<string[]> {
  return (await readdir(stand.base, { recursive: true })).filter((name) => /\.trash/.test(name));
}

test("what no root keeps goes, and what a root keeps stays", async () => {
  await stand.place(OTHER);
  await submit(KEPT);
  const { freed } = await stand.collect();
  const needed = new Set(listNeeds(KEPT));
  expect(await stand.list()).toEqual(joinNeeds(KEPT));
  const gone = joinNeeds(OTHER).filter((place) => !needed.has(place));
  expect(freed.map(({ place }) => place).toSorted()).toEqual(gone);
  expect(await listAside()).toEqual([]);
  expect((await stand.collect()).freed).toEqual([]);
});

test("the index of what goes goes first, so that no push links to it", async () => {
  await submit(KEPT);
  await stand.place(OTHER);
  const [, gone = ""] = OTHER.storeNames;
  const [kept = ""] = KEPT.storeNames;
  for (const name of [gone, kept]) await writeFile(join(stand.base, "artifacts/.index", `store%${name}`), "");
  await stand.collect();
  expect(await readdir(join(stand.base, "artifacts/.index"))).toEqual([`store%${kept}`]);
});

test("a dry run says the same, and leaves all as it is", async () => {
  await stand.place(OTHER);
  await submit(KEPT);
  const before = await readdir(stand.base, { recursive: true });
  const told = await stand.collect({ isDryRun: true });
  expect((await readdir(stand.base, { recursive: true })).toSorted()).toEqual(before.toSorted());
  expect((await stand.collect()).freed).toEqual(told.freed);
  const store = told.freed.find(({ place }) => place.startsWith("artifacts/store/"));
  expect(store?.bytes).toBeGreaterThanOrEqual(5000);
});

test("a file with another name in something that stays frees nothing", async () => {
  await submit(KEPT);
  const place = "artifacts/store/00000000000000000000000000000009-tool-1.0";
  await mkdir(join(stand.base, place));
  const [kept = ""] = KEPT.storeNames;
  await link(join(stand.base, "artifacts/store", kept, "inner/file"), join(stand.base, place, "same"));
  await writeFile(join(stand.base, place, "own"), "x".repeat(9000));
  await link(join(stand.base, place, "own"), join(stand.base, place, "own too"));
  const folder = (await stat(join(stand.base, place))).blocks * 512;
  const own = (await stat(join(stand.base, place, "own"))).blocks * 512;
  expect((await stand.collect()).freed).toEqual([{ place, bytes: folder + own }]);
});

test("where nobody ever registered a root, nothing goes", async () => {
  await stand.place(KEPT);
  expect(await stand.collect()).toMatchObject({ isRootless: true, freed: [] });
  expect(await stand.list()).toEqual(joinNeeds(KEPT));
});

test("the log of ends, and what no push and no job has made, stays", async () => {
  await submit(KEPT);
  for (const name of ["outputs/completions.jsonl", "outputs/notes", "bin/mine", "artifacts/store/README"])
    await writeFile(join(stand.base, name), "x");
  expect((await stand.collect()).freed).toEqual([]);
  expect(await readFile(join(stand.base, "outputs/completions.jsonl"), "utf8")).toBe("x");
  expect(await stand.list()).toHaveLength(listNeeds(KEPT).length + 4);
});

test("of each project the five newest Labs count, another selection of one of them is no other Lab", async () => {
  const labs = ["a", "b", "c", "d", "e", "f"].map((letter, index) => sketchLab(letter, [index]));
  for (const [index, lab] of labs.entries()) {
    await submit(lab, 0);
    await setStamp(lab.hash, index);
    await stand.register({ ...lab, jobIds: [] });
    await setStamp(lab.hash, index);
  }
  const other = sketchLab("g", [7]);
  await submit(other, 3, "other.11111111");
  await stand.age(3);
  await stand.collect();
  expect(await stand.list()).toEqual(joinNeeds(...labs.slice(1), other));
  expect(await listRoots()).toHaveLength(11);
});

/** Roots that are made within one second would be in no order. */
async function setStamp(lab: string, hour: number): Promise<void> {
  const folder = join(stand.base, "gcroots/auto/sweep.00000000");
  const names = (await readdir(folder)).filter((name) => name.endsWith(lab));
  for (const [index, name] of names.toSorted().entries()) {
    const stamped = `2026-11-20_0${hour}-0${index}-00_${lab}`;
    if (name === stamped) continue;
    await cp(join(folder, name), join(folder, stamped));
    await rm(join(folder, name));
  }
}

test("the same selection of a Lab again is the same root, with a new time", async () => {
  await stand.register(KEPT);
  await setStamp(KEPT.hash, 1);
  await stand.register(KEPT);
  const { roots } = await readRoots(stand.transport, stand.base);
  expect(roots).toEqual([
    {
      kind: "auto",
      name: "sweep.00000000",
      at: expect.stringMatching(/^20\d\d-.*Z$/),
      lab: KEPT.hash,
      state: "sending",
    },
  ]);
  expect(roots[0]?.at).not.toMatch(/^2026-11-20/);
});

test("a Lab that never arrived is kept while it may be on its way, and takes no place among the newest", async () => {
  const labs = ["a", "b", "c", "d", "e"].map((letter, index) => sketchLab(letter, [index]));
  for (const lab of labs) await submit(lab, 0);
  const unsent = sketchLab("f", [8]);
  await stand.age(2);
  await stand.register(unsent);
  const found = `artifacts/store/${unsent.storeNames[0]}`;
  await mkdir(join(stand.base, found));
  expect((await stand.collect()).freed).toEqual([]);
  expect(await listRoots()).toEqual(["a newest", "b newest", "c newest", "d newest", "e newest", "f sending"]);
  await stand.age(2);
  expect((await stand.collect()).freed.map(({ place }) => place)).toEqual([found]);
  expect(await listRoots()).toHaveLength(5);
});

test("with pins alone, what was registered in the last hour counts too, or in the last day while something arrives", async () => {
  await submit(KEPT, 0);
  expect((await stand.collect({ isPinnedOnly: true })).freed).toEqual([]);
  await stand.age(0.2);
  await mkdir(join(stand.base, "artifacts/.staging/push"), { recursive: true });
  expect((await stand.collect({ isPinnedOnly: true })).freed).toEqual([]);
  await rm(join(stand.base, "artifacts/.staging/push"), { recursive: true });
  expect((await stand.collect({ isPinnedOnly: true })).freed).toHaveLength(listNeeds(KEPT).length);
  expect(await listRoots()).toEqual([]);
});

test("what a root names while things lie aside is put back as it was, and a later one finds it closed", async () => {
  await submit(KEPT);
  await stand.register(OTHER);
  const auto = join(stand.base, "gcroots/auto/sweep.00000000");
  const [name = ""] = (await readdir(auto)).filter((one) => one.endsWith(OTHER.hash));
  await cp(join(auto, name), join(stand.base, "../late"));
  await rm(join(auto, name));
  await stand.place(OTHER);
  await stand.wrap("mv", `/usr/bin/mv "$@"; cp ../late 'gcroots/auto/sweep.00000000/${name}'`);
  const { freed, putBack } = await stand.collect();
  expect(freed).toEqual([]);
  expect(putBack.length).toBeGreaterThan(0);
  expect(await stand.list()).toEqual(joinNeeds(KEPT, OTHER));
  const store = await stat(join(stand.base, "artifacts/store", OTHER.storeNames[1] ?? ""));
  expect(store.mode & 0o777).toBe(0o555);
});

test("what one that was killed had put aside goes with the next one, but for what counts", async () => {
  await stand.place(OTHER);
  await submit(KEPT);
  await stand.wrap("mv", `/usr/bin/mv "$@"; kill -9 "$(readlink gcroots/.collecting | cut -d ' ' -f 2)"; sleep 0.2`);
  await expect(stand.collect()).rejects.toMatchObject({ code: "SSH_COMMAND_FAILED" });
  expect((await listAside()).length).toBeGreaterThan(2);
  await stand.wrap("mv", `exec /usr/bin/mv "$@"`);
  await stand.register(OTHER);
  await stand.collect();
  expect(await stand.list()).toEqual(joinNeeds(KEPT, OTHER));
  expect(await listAside()).toEqual([]);
  expect(await readdir(join(stand.base, "gcroots"))).toEqual(["auto"]);
});

test("a second one is told that the first is at work, a dead one's lock is taken over", async () => {
  await submit(KEPT);
  const lock = join(stand.base, "gcroots/.collecting");
  await symlink(`elsewhere 1 2026-11-20T12:00:00Z`, lock);
  await expect(stand.collect()).rejects.toMatchObject({
    code: "GC_BUSY",
    message: expect.stringContaining("elsewhere 1"),
  });
  await rm(lock);
  await symlink(`${hostname()} ${process.pid} 2026-11-20T12:00:00Z`, lock);
  expect((await stand.collect()).freed).toEqual([]);
  expect(await readdir(join(stand.base, "gcroots"))).toEqual(["auto"]);
});

test.each([
  {
    what: "a link of RepX 0.5",
    make: async (path: string) => symlink("../../../artifacts/lab/lab-metadata.json", path),
  },
  {
    what: "the half of a root",
    make: async (path: string) => writeFile(path, "artifacts/labs/aaaaaaaa\nartifacts/st"),
  },
])("$what stops it before anything is changed", async ({ make }) => {
  await submit(KEPT);
  await stand.place(OTHER);
  const name = "2026-11-20_10-00-00_aaaaaaaa";
  await make(join(stand.base, "gcroots/auto/sweep.00000000", name));
  await expect(stand.collect()).rejects.toMatchObject({
    code: "GC_ROOT_UNREADABLE",
    message: expect.stringContaining(name),
  });
  expect(await stand.list()).toEqual(joinNeeds(KEPT, OTHER));
});

test("what belongs to another user is told and stays, and so do his roots", async () => {
  await submit(KEPT);
  await stand.place(OTHER);
  const theirs = `artifacts/store/${OTHER.storeNames[1]}`;
  await chown(join(stand.base, theirs), 65_534, 65_534);
  const { freed, foreign } = await stand.collect();
  expect(foreign).toEqual([theirs]);
  expect(freed.map(({ place }) => place)).not.toContain(theirs);
  const auto = join(stand.base, "gcroots/auto/sweep.00000000");
  for (const name of await readdir(auto)) await chown(join(auto, name), 65_534, 65_534);
  await stand.collect({ isPinnedOnly: true });
  expect(await listRoots()).toEqual(["a foreign"]);
  expect(await stand.list()).toEqual([...joinNeeds(KEPT), theirs].toSorted());
});

test("what cannot be moved is told as left, and frees nothing", async () => {
  await submit(KEPT);
  await stand.place(OTHER);
  await stand.wrap("mv", 'case $* in *artifacts/store*) exit 1 ;; esac; exec /usr/bin/mv "$@"');
  const { left, freed } = await stand.collect();
  expect(left).toEqual([`artifacts/store/${OTHER.storeNames[1]}`]);
  expect(freed.map(({ place }) => place)).toContain(`artifacts/labs/${OTHER.hash}`);
  expect(freed.map(({ place }) => place)).not.toContain(left[0]);
});

test("a base path that is not there is an error", async () => {
  await rm(stand.base);
  await expect(stand.collect()).rejects.toMatchObject({ code: "SYNC_BASE_PATH_NOT_WRITABLE" });
});

const Fate = fc.record({
  numbers: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
  root: fc.constantFrom("none", "old", "young", "pinned"),
});

test("whatever is there, what a root needs is never listed, and everything else is", async () => {
  const property = fc.asyncProperty(fc.array(Fate, { maxLength: 5 }), fc.boolean(), async (fates, isPinnedOnly) => {
    await using world = await startGcStand();
    // Where nobody ever registered, nothing would go.
    await mkdir(join(world.base, "gcroots"));
    const labs = fates.map((fate, index) => ({ ...fate, lab: sketchLab("abcde".charAt(index), fate.numbers) }));
    for (const { lab, root } of labs) {
      if (root !== "none") await world.register(lab);
      if (root === "pinned") await pinLab(world.transport, world.base, { lab: lab.hash });
      await world.place(lab);
    }
    await world.age(3);
    for (const { lab, root } of labs) if (root === "young") await world.register(lab);
    const counting = labs.filter(({ root }) => root !== "none" && !(isPinnedOnly && root === "old"));
    const needed = new Set(counting.flatMap(({ lab }) => listNeeds(lab)));
    const { freed } = await world.collect({ isPinnedOnly, isDryRun: true });
    const expected = joinNeeds(...labs.map(({ lab }) => lab)).filter((place) => !needed.has(place));
    expect(freed.map(({ place }) => place).toSorted()).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 12 });
}, 60_000);
