// How a job ends in each of the runtimes that isolate: signals, processes that it leaves, and parts of a scatter-gather job.
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, tryCommand } from "../harness/command.ts";
import { readProcesses } from "../harness/process.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type Isolating, ISOLATING, type RuntimeStand, startRuntimeStand } from "./runtime-stand.ts";

const FOLDER = "/tmp/repx-runtime-ends";

let cluster: SlurmCluster;
let stand: RuntimeStand;

beforeAll(async () => {
  stand = await startRuntimeStand();
  cluster = await startSlurmCluster({ folder: FOLDER, user: stand.user });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

interface Running {
  readonly id: string;
  readonly slurmId: string;
}

/** Submits one job and waits until its program says that it is ready. */
async function start(kind: Isolating, script: string): Promise<Running> {
  const { target, user } = stand;
  const { number, ids } = await target.addBatch([{ stage: "ends", script, runtime: stand.table(kind) }]);
  const wrapper = `#!/bin/sh\nexec ${target.programs}/repx-job ${target.base} ${target.submission} ${number}\n`;
  const places = [`--chdir=${target.folder}`, "--output=/dev/null", "--error=/dev/null"];
  const { stdout } = await user.run(["sbatch", "--parsable", ...places], {
    stdin: wrapper,
    environment: { ...cluster.environment, ...stand.environment },
  });
  const [id = ""] = ids;
  const ready = join(target.base, "outputs", id, "out/ready");
  await waitUntil({ what: `the job in ${kind} to be ready`, timeoutSeconds: 40 }, async () => existsSync(ready));
  return { id, slurmId: stdout.trim() };
}

async function waitForEnd({ id }: Running): Promise<{ exitCode: number; signal: number | null }> {
  const path = join(stand.target.base, "outputs", id, "repx/result.json");
  await waitUntil({ what: "the job's result", timeoutSeconds: 40 }, async () => existsSync(path));
  return JSON.parse(await readFile(path, "utf8"));
}

async function countProcesses(mark: string): Promise<number> {
  const lines = await Promise.all(
    (await readProcesses()).map(async ({ pid }) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(mark)).length;
}

async function waitForNone(mark: string): Promise<void> {
  await waitUntil(
    { what: `no process to have ${mark}`, timeoutSeconds: 30 },
    async () => (await countProcesses(mark)) === 0,
  );
}

async function listContainers(kind: Isolating): Promise<string> {
  if (kind === "bwrap") return "";
  const storage = join(stand.nodeLocal, "repx/podman");
  const own = kind === "podman" ? ["--root", join(storage, "images"), "--runroot", join(storage, "run")] : [];
  const { stdout } = await tryCommand([kind, ...own, "ps", "--all", "--quiet"], {
    user: stand.user,
    environment: { HOME: stand.user.home, ...stand.environment },
  });
  return stdout;
}

const loop = 'touch "$1/ready"; while :; do sleep 0.05; done';

describe.each(ISOLATING)("in %s", (kind) => {
  test.each([
    ["a cancellation", ["scancel"]],
    ["TERM to all of the job's processes", ["scancel", "--full", "--signal=TERM"]],
  ])("%s reaches the program, and its answer is the job's", async (_, scancel) => {
    const job = await start(kind, `trap 'echo got >"$1/got"; exit 9' TERM; ${loop}`);
    await cluster.run([...scancel, job.slurmId]);
    const { exitCode } = await waitForEnd(job);
    // podman's conmon is one of the job's processes: it may be gone before the program has answered.
    expect(kind === "podman" && scancel.includes("--full") ? [9, 143] : [9]).toContain(exitCode);
    const read = async () => stand.target.read(job.id, "out/got");
    await waitUntil({ what: "the program's answer", timeoutSeconds: 10 }, async () => (await read()) === "got\n");
  });

  test("TERM at any moment of the start is no success", async () => {
    const { target } = stand;
    const script = `echo x >"$1/half"; ${loop}`;
    for (const wait of [0, 100, 300, 600, 1200]) {
      const { number, ids } = await target.addBatch([{ stage: "early", script, runtime: stand.table(kind) }]);
      const running = target.runJob(number, stand.environment);
      const begun = join(target.base, "outputs", ids[0] ?? "", "repx/job.json");
      await waitUntil({ what: "the job to begin", timeoutSeconds: 40 }, async () => existsSync(begun));
      await sleep(wait);
      const { stdout } = await runCommand([
        "pgrep",
        "-o",
        "-f",
        `repx-job ${target.base} ${target.submission} ${number}$`,
      ]);
      await runCommand(["kill", "-TERM", stdout.trim()]);
      expect((await running).exitCode).toBe(143);
    }
  });

  test("USR1 to the batch script alone reaches the program", async () => {
    const job = await start(kind, `trap 'exit 8' USR1; ${loop}`);
    await cluster.run(["scancel", "--signal=USR1", "--batch", job.slurmId]);
    expect(await waitForEnd(job)).toMatchObject({ exitCode: 8 });
  });

  test("a program that does not care for TERM dies of it", async () => {
    const job = await start(kind, loop);
    await cluster.run(["scancel", "--signal=TERM", "--batch", job.slurmId]);
    expect(await waitForEnd(job)).toMatchObject({ exitCode: 143, signal: 15 });
  });

  test("a program's processes end with it", async () => {
    const mark = `77${kind.length}01`;
    const job = await start(
      kind,
      `setsid sleep ${mark} & touch "$1/ready"; while [ ! -e "$1/go" ]; do sleep 0.05; done; exit 4`,
    );
    expect(await countProcesses(`sleep\0${mark}`)).toBe(1);
    await writeFile(join(stand.target.base, "outputs", job.id, "out/go"), "");
    expect(await waitForEnd(job)).toMatchObject({ exitCode: 4 });
    await waitForNone(`sleep\0${mark}`);
    await waitUntil(
      { what: "no container to be left", timeoutSeconds: 20 },
      async () => (await listContainers(kind)) === "",
    );
  });

  test("what a job leaves whose wrapper alone was killed goes at once, or with the user's next job on the node", async () => {
    const { target } = stand;
    const mark = `77${kind.length}02`;
    const script = `setsid sleep ${mark} & ${loop}`;
    const { number, ids } = await target.addBatch([{ stage: "killed", script, runtime: stand.table(kind) }]);
    const running = target.runJob(number, stand.environment);
    const ready = join(target.base, "outputs", ids[0] ?? "", "out/ready");
    await waitUntil({ what: "the job to be ready", timeoutSeconds: 40 }, async () => existsSync(ready));
    expect(await countProcesses(`sleep\0${mark}`)).toBe(1);
    const { stdout } = await runCommand([
      "pgrep",
      "-o",
      "-f",
      `repx-job ${target.base} ${target.submission} ${number}$`,
    ]);
    await runCommand(["kill", "-KILL", stdout.trim()]);
    await running;
    if (kind !== "bwrap") {
      const next = await target.addBatch([{ stage: "next", script: "true", runtime: stand.table(kind) }]);
      await target.runJob(next.number, stand.environment);
    }
    await waitForNone(`sleep\0${mark}`);
    await waitUntil(
      { what: "no container to be left", timeoutSeconds: 20 },
      async () => (await listContainers(kind)) === "",
    );
  });

  test("every part of a scatter-gather job runs isolated, and sees the parts before it", async () => {
    const { target } = stand;
    const { number, ids } = await target.addBatch([{ stage: "parts", script: "exit 99", runtime: stand.table(kind) }]);
    const [id = ""] = ids;
    await writeParts(id);
    const output = await target.runJob(number, stand.environment);
    expect({ exitCode: output.exitCode, said: await target.read(id, "repx/stderr.log") }).toEqual({
      exitCode: 0,
      said: "",
    });
    expect(await target.read(id, "out/sum")).toBe("1\n2\n");
    for (const part of ["scatter/out", "branch-0/step-copy/out", "branch-1/step-copy/out", "out"]) {
      expect(await target.read(id, `${part}/views`)).toBe("artifacts outputs \nread-only\n");
    }
  });
});

/** A scatter of two items, one step, and a gather; each notes what it sees of the base path and whether it can write /bin. */
async function writeParts(id: string): Promise<void> {
  const { target } = stand;
  const bin = join(target.base, "artifacts/jobs", id, "bin");
  const plan = join(target.folder, "jobs", id);
  const folder = join(target.base, "outputs", id);
  const look = `for name in $(ls "${target.base}"); do printf '%s ' $name; done >"$1/views"; echo >>"$1/views"
touch /bin/x 2>/dev/null || echo read-only >>"$1/views"`;
  const scripts = {
    scatter: `echo '[1,2]' >"$1/work_items.json"`,
    copy: `cat "$(sed -n 's/.*"item": *"\\([^"]*\\)".*/\\1/p' "$2")" >"$1/copy"`,
    gather: `cat $(tr ',' '\\n' <"$(sed -n 's/.*"outs": *"\\([^"]*\\)".*/\\1/p' "$2")" | sed -n 's/.*"copy": *"\\([^"]*\\)".*/\\1/p') >"$1/sum"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\nset -e\n${look}\n${script}\n`, { mode: 0o755 });
  }
  const rows = Object.keys(scripts).map((name) => {
    const [part, step] = name === "copy" ? ["step", "copy"] : [name, "-"];
    return `${part}\t${step}\tjobs/${id}/bin/${name}\t-\n`;
  });
  await writeFile(join(plan, "parts.tsv"), rows.join(""));
  const json = { item: `${folder}/branch-\u0001/repx/work_item.json` };
  await writeFile(join(plan, "step-copy.json"), `${JSON.stringify(json, null, 2)}\n`);
  await writeFile(join(plan, "gather.json"), JSON.stringify({ outs: `${folder}/repx/worker_outs_manifest.json` }));
  const outputs = { copy: `${folder}/branch-\u0001/step-copy/out/copy` };
  await writeFile(join(plan, "branch.json"), `${JSON.stringify(outputs, null, 2)}\n`);
  await target.giveAway();
}
