// Where jobs stand, by the files on a target.
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "../../lab-door.ts";
import { GENERATE_1, GENERATE_2, makeLabFiles, PLOT, SUM, writeLab } from "../lab.fixture.ts";

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-status-"));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Makes a target with files under `outputs/`. */
async function makeTarget(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const base = join(scratch, name);
  await mkdir(base);
  for (const [path, text] of Object.entries(files)) {
    const place = join(base, "outputs", path);
    await mkdir(dirname(place), { recursive: true });
    if (path.includes("/.running/")) await symlink(text, place);
    else await writeFile(place, text);
  }
  return base;
}

/** The status of every job of the Lab, by the stage's first letter and number. */
async function readAll(target: string, kind: "hard" | "soft" = "hard"): Promise<Record<string, string>> {
  await using written = await writeLab(makeLabFiles(kind));
  const lab = await Lab.open(written.folder, { target });
  const statuses = await lab.statuses();
  for (const job of await lab.jobs()) expect(await job.status()).toBe(statuses.get(job.id));
  const names: [string, string][] = [
    ["g1", GENERATE_1],
    ["g2", GENERATE_2],
    ["sum", SUM],
    ["plot", PLOT],
  ];
  return Object.fromEntries(names.map(([name, id]) => [name, statuses.get(lab.job(id).id) ?? ""]));
}

test("nothing has run on an empty target", async () => {
  expect(await readAll(await makeTarget("empty", {}))).toEqual({
    g1: "pending",
    g2: "pending",
    sum: "pending",
    plot: "pending",
  });
});

test("markers tell of success and failure, and what needs a failed job is blocked, however far", async () => {
  const target = await makeTarget("failed", { [`${GENERATE_1}/repx/SUCCESS`]: "", [`${GENERATE_2}/repx/FAIL`]: "" });
  expect(await readAll(target)).toEqual({ g1: "succeeded", g2: "failed", sum: "blocked", plot: "blocked" });
});

test("a failure does not block a job that only waits for the end of a run", async () => {
  const target = await makeTarget("soft", { [`${SUM}/repx/FAIL`]: "" });
  expect(await readAll(target, "soft")).toEqual({ g1: "pending", g2: "pending", sum: "failed", plot: "pending" });
});

test("a job that succeeded before stays so when what it needs fails anew", async () => {
  const target = await makeTarget("again", { [`${SUM}/repx/SUCCESS`]: "", [`${GENERATE_2}/repx/FAIL`]: "" });
  expect(await readAll(target)).toMatchObject({ g2: "failed", sum: "succeeded", plot: "blocked" });
});

test("a job runs while an attempt holds its turn, until the marker comes", async () => {
  const target = await makeTarget("running", {
    [`${GENERATE_1}/repx/.running/1`]: "77_1 0 2026-11-20T18:00:00Z node1",
    [`${GENERATE_2}/repx/.running/2`]: "77_2 0 2026-11-20T18:00:00Z node1",
    [`${GENERATE_2}/repx/SUCCESS`]: "",
  });
  await mkdir(join(target, "outputs", SUM, "repx/.running"), { recursive: true });
  expect(await readAll(target)).toEqual({ g1: "running", g2: "succeeded", sum: "pending", plot: "pending" });
});

test("RepX's log is asked where there is no marker: the last line counts, bad ones are passed over", async () => {
  const log = [
    { id: GENERATE_1, s: "fail" },
    { id: GENERATE_1, s: "ok" },
    { id: GENERATE_2, s: "ok" },
    { id: GENERATE_2, s: "odd" },
  ].map((line) => JSON.stringify(line));
  const target = await makeTarget("log", {
    "completions.jsonl": [...log, "null", '{"id":', "x".repeat(10_000), ""].join("\n"),
    [`${GENERATE_2}/repx/FAIL`]: "",
  });
  expect(await readAll(target)).toMatchObject({ g1: "succeeded", g2: "failed", sum: "blocked" });
});

test("jobs are found by their status", async () => {
  const target = await makeTarget("filter", { [`${GENERATE_2}/repx/FAIL`]: "" });
  await using written = await writeLab(makeLabFiles());
  const lab = await Lab.open(written.folder);
  const find = async (status: "failed" | "pending" | readonly ["failed", "blocked"]): Promise<string[]> =>
    (await lab.jobs({ status, target })).map(({ id }) => id);
  expect(await find("failed")).toEqual([GENERATE_2]);
  expect(await find("pending")).toEqual([GENERATE_1]);
  expect(await find(["failed", "blocked"])).toEqual([GENERATE_2, SUM, PLOT]);
});

test("a base path that is not there, or none, is refused", async () => {
  await using written = await writeLab(makeLabFiles());
  const lab = await Lab.open(written.folder);
  await expect(lab.statuses(undefined, join(scratch, "none"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(lab.jobs({ status: "failed" })).rejects.toMatchObject({ code: "INPUT_MISSING" });
});
