// How a Lab that is reused whole is submitted: by how many commands on the target.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LAB_HASH, makeMapping, writeLab } from "../../packages/core/src/lab/lab.fixture.ts";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import { startPlanStand } from "../../packages/core/src/plan-experiment.fixture.ts";
import { planExperiment } from "../../packages/core/src/plan-experiment.ts";
import { submitExperiment } from "../../packages/core/src/submit.ts";
import { openLocal } from "../../packages/core/src/target/transport/local.ts";
import { runChecked } from "../../packages/core/src/target/transport/transport.ts";

const SUBMISSION = "s0123456789abcdefghijklmno";

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

function makeJob(id: string, nth: number, needs?: string): unknown {
  const inputs = needs === undefined ? [] : [makeMapping({ job_id: needs, source_output: "o", target_input: "i" })];
  const executables = { main: { path: `jobs/${id}/bin/stage`, inputs, outputs: {} } };
  return { name: "stage-1", stage_type: "simple", params: { seed: nth }, executables };
}

/** Two stages of so many jobs, one to one; the programs are empty, for nothing runs. */
async function writeSweep(count: number) {
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

/** Thousands of empty files, by three processes. */
async function touchAll(top: string, paths: readonly string[]): Promise<void> {
  await using local = await openLocal();
  const script =
    'cd "$1" && cat >.paths && sed "s|/[^/]*$||" .paths | xargs mkdir -p && xargs touch <.paths && rm .paths';
  await runChecked(local, {
    argv: ["sh", "-c", script, "touch", top],
    stdin: paths.map((path) => `${path}\n`).join(""),
  });
}

test("a reused Lab of 10,000 jobs is submitted with two remote commands, of which the first plans", async () => {
  await using stand = await startPlanStand();
  await using written = await writeSweep(5000);
  await touchAll(
    stand.base,
    written.ids.map((id) => `outputs/${id}/repx/SUCCESS`),
  );
  const receipt = { id: SUBMISSION, token: "t".repeat(43), url: "http://x/1", expiresAt: "2026-03-02T00:00:00Z" };
  const server = createServer((incoming, answer) => {
    incoming.resume().on("end", () => answer.writeHead(201).end(JSON.stringify(receipt)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const asked = stand.request(written.folder);
  const plan = await planExperiment(asked);
  expect(plan.counts).toEqual({ total: 10_000, run: 0, wait: 0, reuse: 10_000 });
  expect(stand.countCommands()).toBe(1);

  // What an earlier submission of the Lab has left.
  await mkdir(join(stand.base, "artifacts/labs", plan.lab), { recursive: true });
  const outcome = await submitExperiment({ ...asked, coordinator: { ...asked.coordinator, origin } });
  server.close();
  expect(outcome).toMatchObject({ submitted: 0, shared: 0 });
  expect(outcome.jobs.size).toBe(10_000);
  expect(stand.countCommands()).toBe(3);
});
