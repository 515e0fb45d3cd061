// What submissions that are not over keep. The scheduler is a script that says what the test wants.
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listNeeds, sketchLab, startGcStand, type GcStand } from "./gc-stand.fixture.ts";

let stand: GcStand;

beforeEach(async () => {
  stand = await startGcStand();
  await stand.wrap("squeue", "true");
});
afterEach(async () => stand[Symbol.asyncDispose]());

const LAB = sketchLab("a", [1, 2]);
const ID = `s${"0".repeat(25)}`;
const PINNED_ONLY = { isPinnedOnly: true };

/** A submission of the Lab, by the files that its relay and its jobs left. */
async function submit(files: Readonly<Record<string, string>>, days = 3): Promise<void> {
  await stand.register(LAB);
  await stand.place(LAB);
  const folder = join(stand.base, "submissions", ID);
  await mkdir(folder, { recursive: true });
  const all = { lab: `${LAB.hash}\n`, programs: `/elsewhere/bin/${"9".repeat(64)}\n`, ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  await mkdir(join(stand.base, "bin", "9".repeat(64)), { recursive: true });
  await stand.age(days);
}

const ROWS = "12_1\tone\n12_2\ttwo\n";
const HANDED_OVER = { "slurm.tsv": ROWS, submitted: "" };

async function countFreed(): Promise<number> {
  return (await stand.collect(PINNED_ONLY)).freed.length;
}

test.each([
  { what: "is in SLURM's queue", files: { ...HANDED_OVER, settled: "12_1\t0\n12_2\t0\n" }, queue: "echo 11; echo 12" },
  { what: "has a relay", files: { ...HANDED_OVER, "relay.pid": "1 here\n" }, queue: "true" },
  {
    what: "SLURM says nothing of, and its relay has not seen end",
    files: { ...HANDED_OVER, settled: "12_1\t0\n" },
    queue: "exit 1",
  },
])("a submission that $what keeps its Lab, its outputs and its programs", async ({ files, queue }) => {
  await submit(files);
  await stand.wrap("squeue", queue);
  const { freed, open, roots } = await stand.collect(PINNED_ONLY);
  expect([freed, open, roots.map(({ state }) => state)]).toEqual([[], [ID], ["open"]]);
  expect(await stand.list()).toEqual([...listNeeds(LAB), `bin/${"9".repeat(64)}`, `submissions/${ID}`].toSorted());
});

test.each([
  { what: "that SLURM has forgotten", files: HANDED_OVER, queue: "true" },
  {
    what: "whose ends its relay has all seen",
    files: { ...HANDED_OVER, settled: "12_1\t0\n12_2\t0\n12_2\t1\n" },
    queue: "exit 1",
  },
])("a submission $what keeps its programs alone", async ({ files, queue }) => {
  await submit(files);
  await stand.wrap("squeue", queue);
  expect(await countFreed()).toBe(listNeeds(LAB).length);
  expect(await stand.list()).toEqual([`bin/${"9".repeat(64)}`, `submissions/${ID}`]);
});

test("one that is being handed over is open for two days", async () => {
  await submit({}, 1);
  expect(await countFreed()).toBe(0);
  await stand.age(3);
  expect(await countFreed()).toBe(listNeeds(LAB).length);
});

test("a relay that was killed keeps nothing after the 30 days in which it would have told", async () => {
  await submit({ ...HANDED_OVER, "relay.pid": "1 here\n" }, 32);
  expect(await countFreed()).toBe(listNeeds(LAB).length + 1);
  // The programs of its folder, which went, are the next one's.
  expect(await countFreed()).toBe(1);
});

test("without a root of its Lab nobody knows what an open submission needs, and nothing but old submissions goes", async () => {
  await submit({ ...HANDED_OVER, "relay.pid": "1 here\n" });
  await rm(join(stand.base, "gcroots/auto"), { recursive: true });
  const { freed, blocked } = await stand.collect(PINNED_ONLY);
  expect([freed, blocked]).toEqual([[], [ID]]);
  expect(await stand.list()).toHaveLength(listNeeds(LAB).length + 2);
});

test("the folder of a submission that is over goes when nothing in it was touched for 14 days", async () => {
  await submit(HANDED_OVER, 15);
  const log = join(stand.base, "submissions", ID, "relay.log");
  await writeFile(log, "");
  expect((await stand.collect()).freed).toEqual([]);
  const time = new Date(Date.now() - 15 * 86_400_000);
  await utimes(log, time, time);
  await utimes(join(log, ".."), time, time);
  expect((await stand.collect()).freed.map(({ place }) => place)).toEqual([`submissions/${ID}`]);
  expect(await readdir(join(stand.base, "submissions"))).toEqual([]);
});

test("a job that runs keeps its outputs, whoever started it", async () => {
  await submit(HANDED_OVER);
  const [id = ""] = LAB.jobIds;
  const lock = join(stand.base, "outputs", id, "repx/.running");
  await mkdir(lock, { recursive: true });
  await stand.collect(PINNED_ONLY);
  const kept = [`artifacts/jobs/${id}`, `bin/${"9".repeat(64)}`, `outputs/${id}`, `submissions/${ID}`];
  expect(await stand.list()).toEqual(kept);
  await stand.age(8);
  await stand.collect(PINNED_ONLY);
  expect(await stand.list()).toEqual([`bin/${"9".repeat(64)}`, `submissions/${ID}`]);
});
