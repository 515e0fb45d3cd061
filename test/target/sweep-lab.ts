// A Lab of two stages with thousands of jobs, whose programs are empty.
import { createHash } from "node:crypto";
import { LAB_HASH, makeMapping, writeLab } from "../../packages/core/src/lab/lab.fixture.ts";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import type { JobId } from "../../packages/core/src/model/ids.ts";
import { openLocal } from "../../packages/core/src/target/transport/local.ts";
import { runChecked } from "../../packages/core/src/target/transport/transport.ts";

export interface SweepLab extends AsyncDisposable {
  readonly folder: string;
  readonly ids: readonly JobId[];
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

function makeJob(id: string, nth: number, needs?: string): unknown {
  const inputs = needs === undefined ? [] : [makeMapping({ job_id: needs, source_output: "o", target_input: "i" })];
  const executables = { main: { path: `jobs/${id}/bin/stage`, inputs, outputs: { o: "$out/o" } } };
  return { name: "stage-1", stage_type: "simple", params: { seed: nth }, executables };
}

/** Two stages of so many jobs, one to one. */
export async function writeSweepLab(count: number): Promise<SweepLab> {
  const ids = Array.from({ length: 2 * count }, (_, nth) => jobId(nth, "stage-1"));
  const jobs = ids.map((id, nth) => [id, makeJob(id, nth, nth < count ? undefined : ids[nth - count])]);
  const run = "revision/metadata-sweep.json";
  const files: Record<string, unknown> = {
    "revision/metadata-top.json": { repx_version: "0.5.0", type: "root", gitHash: "x", runs: [run], groups: {} },
    [run]: { type: "run", name: "sweep", gitHash: "x", dependencies: {}, jobs: Object.fromEntries(jobs) },
    "closure/store-paths": "",
  };
  const listed = Object.entries(files).map(([path, content]) => {
    return { path, sha256: hash(typeof content === "string" ? content : JSON.stringify(content)) };
  });
  const programs = ids.map((id) => ({ path: `jobs/${id}/bin/stage`, sha256: hash("") }));
  const metadata = "revision/metadata-top.json";
  files["lab/lab-metadata.json"] = { labId: LAB_HASH, lab_version: "1", metadata, files: [...listed, ...programs] };
  const written = await writeLab(files);
  await touchAll(
    written.folder,
    programs.map(({ path }) => path),
  );
  return { ...written, ids };
}

/** Makes thousands of empty files, by three processes. */
export async function touchAll(top: string, paths: readonly string[]): Promise<void> {
  await using local = await openLocal();
  const script =
    'cd "$1" && cat >.paths && sed "s|/[^/]*$||" .paths | xargs mkdir -p && xargs touch <.paths && rm .paths';
  await runChecked(local, {
    argv: ["sh", "-c", script, "touch", top],
    stdin: paths.map((path) => `${path}\n`).join(""),
  });
}
