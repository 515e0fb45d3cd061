import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeJobs } from "./describe-jobs.ts";
import { openLab } from "./lab/metadata/open-lab.ts";
import { writeRepxLab } from "./lab/repx-lab.fixture.ts";
import type { SchedulableJob } from "./schedule/batches.ts";
import { parseResources } from "./target/config/resources.ts";

let folder: string;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "repx-describe-"))));
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function describeLab(scheduler: "slurm" | "local"): Promise<readonly SchedulableJob[]> {
  await writeRepxLab(folder);
  const opened = await openLab(folder);
  const none = { reused: new Set<never>(), ended: new Set<never>(), shared: new Map(), again: new Map() };
  const resources = parseResources('[[rules]]\nmem = "2G"\nworker_resources = { time = "5" }', "resources.toml");
  return describeJobs({
    study: { opened, storeRoot: "/", runs: [], order: opened.order, asked: new Set(), dependencies: new Map() },
    plan: { ...none, order: opened.order, toRun: opened.order },
    target: { name: "here", basePath: "/base", scheduler },
    resources,
  });
}

test("on SLURM the work items of a scatter-gather job ask for what their steps do, and for worker_resources", async () => {
  const jobs = await describeLab("slurm");
  const items = jobs.filter((job) => job.items !== undefined);
  expect(new Set(items.map(({ stage }) => stage))).toEqual(new Set(["sum-1.1"]));
  expect(items[0]).toMatchObject({
    resources: { mem: "2G" },
    items: { cpusPerTask: 1, mem: "512M", time: "5" },
  });
});

test("the scheduler local has no tasks for work items", async () => {
  expect((await describeLab("local")).filter((job) => job.items !== undefined)).toEqual([]);
});
