import { join } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { Lab } from "@repx/core/lab";
import { expect, test } from "vitest";
import { makeRepxLab, REPX_GEN, REPX_GEN_2, writeRepxLab } from "../../core/src/lab/repx-lab.fixture.ts";
import { sortJobs } from "./sort-jobs.ts";

test("jobs are in the order of their stages, then of their parameters, with 2 before 10", async () => {
  const folder = await mkdtemp(join(tmpdir(), "repx-sort-"));
  try {
    const files = makeRepxLab();
    const path = "revision/metadata-sim-run.json";
    const text = JSON.stringify(files.get(path));
    files.set(path, { json: JSON.parse(text.replace('"offset":1', '"offset":10')).json });
    await writeRepxLab(folder, files);
    await using lab = await Lab.open(folder);
    const sorted = sortJobs((await lab.jobs()).toReversed());
    expect(sorted.map(({ stage }) => stage)).toEqual(["plot", "sum", "sum", "gen", "gen"]);
    expect(sorted.slice(3).map(({ id }) => id)).toEqual([REPX_GEN_2, REPX_GEN]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
