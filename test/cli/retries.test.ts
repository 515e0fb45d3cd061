// A policy of retries in resources.toml, from `repx run` to `repx status`: real sshd, real SLURM.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { waitUntil } from "../harness/wait-until.ts";
import { GENERATE_2, startSlurmStand, SUM, type SlurmStand } from "./slurm-stand.ts";

let stand: SlurmStand;

beforeAll(async () => {
  stand = await startSlurmStand("retries");
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

async function writeResources(text: string): Promise<string> {
  const path = join(stand.basePath, "..", "retries-resources.toml");
  await writeFile(path, text);
  return path;
}

test("a job that needs more memory gets it, up to what a node has, and status says so meanwhile", async () => {
  onTestFailed(async () => console.log(await stand.cluster.readLogs()));
  const resources = await writeResources(`
    [[rules]]
    job_id_glob = "${GENERATE_2}"
    mem = "60M"
    retry = { count = 4, mem_factor = 8, max_mem = "1T" }
  `);
  const lab = await stand.writeLab({ generate2: "head -c 150000000 /dev/zero | tail -c 150000000 >/dev/null" });
  const run = await stand.repx("run", "--lab", lab, "--resources", resources, "simulation");
  expect(run).toMatchObject({ exitCode: 0 });
  await waitUntil({ what: "status to tell of the retry", timeoutSeconds: 40, intervalMs: 300 }, async () =>
    (await stand.repx("status")).stdout.includes("again with mem 480M"),
  );
  const [id = ""] = await readdir(stand.submissions);
  const batches = await readdir(join(stand.submissions, id, "batches"));
  const policies = batches.filter((name) => name.endsWith(".retry"));
  expect(policies).toHaveLength(1);
  expect(await readFile(join(stand.submissions, id, "batches", policies[0] ?? ""), "utf8")).toBe(
    "count 4\nmem 480 3840 4000\ninfrastructure 3\n",
  );
  const ended = await stand.repx("wait", "--json");
  expect(ended).toMatchObject({ exitCode: 0 });
  const jobs: unknown = JSON.parse(ended.stdout);
  expect(jobs).toMatchObject({
    jobs: expect.arrayContaining([
      expect.objectContaining({ id: GENERATE_2, state: "succeeded", attempt: 2 }),
      expect.objectContaining({ id: SUM, state: "succeeded", attempt: 1 }),
    ]),
  });
  expect((await stand.repx("log", GENERATE_2, "--attempt", "1", "--stderr")).stdout).toContain(
    "OUT_OF_MEMORY: begins again with mem 480M",
  );
});

test("a cap that SLURM cannot read is refused before anything is sent", async () => {
  const resources = await writeResources('[defaults]\nretry = { count = 1, mem_factor = 2, max_mem = "lots" }\n');
  const before = await readdir(stand.submissions).catch(() => []);
  const run = await stand.repx("run", "--lab", await stand.writeLab({ plot: "echo anew" }), "--resources", resources);
  expect(run).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/error\[SLURM_UNSATISFIABLE\][^]*max_mem lots is no size/),
  });
  expect(await readdir(stand.submissions).catch(() => [])).toEqual(before);
});
