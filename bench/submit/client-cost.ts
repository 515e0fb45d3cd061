// What `repx run` and `repx status` take of the researcher's time and processor for ten thousand jobs, over sshd.
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { ensureClusterUser } from "../../test/harness/cluster-user.ts";
import { SYSTEM_PATH, tryCommand } from "../../test/harness/command.ts";
import { startNetworkLine } from "../../test/harness/network-line.ts";
import { REPOSITORY_ROOT } from "../../test/harness/repository-root.ts";
import { startSlurmCluster, type SlurmCluster } from "../../test/harness/slurm-cluster.ts";
import { makeTraversableFolder } from "../../test/harness/traversable-folder.ts";
import { REPX } from "../../test/cli/run-repx.ts";
import { startTargetStand, type TargetStand } from "../../test/cli/target-stand.ts";
import { touchAll, writeSweepLab } from "../../test/target/sweep-lab.ts";

const FOLDER = "/tmp/repx-bench-client";
const ROUNDS = 5;
const ROUND_TRIP_SECONDS = 0.02;

/** Of one command: seconds, and how often the target and its SLURM were asked. */
export interface ClientCost {
  readonly wall: number;
  /** Of all processes on this side. */
  readonly cpu: number;
  readonly commands: number;
  readonly squeue: number;
  readonly sacct: number;
}

export interface ClientCosts {
  readonly status: readonly ClientCost[];
  readonly reused: readonly ClientCost[];
}

interface Stand {
  readonly target: TargetStand;
  readonly cluster: SlurmCluster;
  /** Where SLURM's programs say that they were called. */
  readonly calls: string;
}

/** Submits a sweep of so many jobs, of which none starts, asks how it stands, then finds all of it done and submits again. */
export async function measureClient(jobs: number): Promise<ClientCosts> {
  await using started = new AsyncDisposableStack();
  started.defer(async () => rm(FOLDER, { recursive: true, force: true }));
  const stand = await startStand(started);
  const lab = started.use(await writeSweepLab(jobs / 2));
  for (const node of stand.cluster.nodes) await stand.cluster.setNodeState(node, "drain");
  await measure(stand, ["run", "--lab", lab.folder]);
  const status = [];
  for (let round = 0; round < ROUNDS; round += 1) status.push(await measure(stand, ["status", "--json"]));
  await measure(stand, ["cancel"]);
  await touchAll(
    stand.target.basePath,
    lab.ids.map((id) => `outputs/${id}/repx/SUCCESS`),
  );
  await using line = await startNetworkLine({ port: stand.target.ssh.port, roundTripSeconds: ROUND_TRIP_SECONDS });
  await leadThrough(stand, line.port);
  const reused = [];
  for (let round = 0; round < ROUNDS; round += 1) reused.push(await measure(stand, ["run", "--lab", lab.folder]));
  return { status, reused };
}

async function startStand(started: AsyncDisposableStack): Promise<Stand> {
  const user = await ensureClusterUser();
  // SLURM's own default of MaxArraySize.
  const cluster = started.use(await startSlurmCluster({ folder: FOLDER, user, extraConf: "MaxArraySize=1001\n" }));
  const wrappers = await makeTraversableFolder(FOLDER, "wrappers");
  const calls = join(wrappers, "calls");
  await writeFile(calls, "");
  await chmod(calls, 0o666);
  for (const name of ["squeue", "sacct"]) {
    const path = join(wrappers, name);
    await writeFile(path, `#!/bin/sh\n${renderNote(name, calls)}\nPATH=${SYSTEM_PATH}\nexec ${name} "$@"\n`, {
      mode: 0o755,
    });
  }
  const environment = { ...cluster.environment, PATH: `${wrappers}:${SYSTEM_PATH}` };
  const target = started.use(await startTargetStand({ environment }));
  started.defer(async () => void (await user.endProcessesOf(cluster.conf)));
  await target.writeConfig('default_scheduler = "slurm"');
  return { target, cluster, calls };
}

// The relay asks as well, by its own clock; of a look of ours one of the ancestors has `--look` among its words.
function renderNote(name: string, calls: string): string {
  return `pid=$PPID
while [ "$pid" -gt 1 ]; do
  if grep -qa -e --look "/proc/$pid/cmdline"; then echo ${name} >>${calls}; break; fi
  pid=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 2)
done`;
}

/** From now on the config leads to the server through this port. */
async function leadThrough({ target }: Stand, port: number): Promise<void> {
  const own = `${target.ssh.port}`;
  for (const path of [join(target.home, ".ssh/known_hosts"), join(target.project, ".repx/config.toml")]) {
    await writeFile(path, (await readFile(path, "utf8")).replaceAll(own, `${port}`));
  }
}

// bash's own `time` counts what the command's children take as well.
const TIMED = `TIMEFORMAT='%R %U %S'; { time "$@" >"$OUT" 2>&1; } 2>"$TIMES"`;

async function measure({ target, calls }: Stand, words: readonly string[]): Promise<ClientCost> {
  await writeFile(calls, "");
  const before = (await readFile(target.ssh.logFile, "utf8")).length;
  const folder = join(FOLDER, "timed");
  await mkdir(folder, { recursive: true });
  const [out, times] = [join(folder, "out"), join(folder, "times")];
  const { exitCode } = await tryCommand(["bash", "-c", TIMED, "bash", REPX, ...words], {
    folder: target.project,
    environment: {
      HOME: target.home,
      PATH: `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}`,
      OUT: out,
      TIMES: times,
    },
    timeoutSeconds: 300,
  });
  if (exitCode !== 0) throw new Error(`${words.join(" ")} ended with ${exitCode}: ${await readFile(out, "utf8")}`);
  const [wall = NaN, user = NaN, system = NaN] = z
    .array(z.coerce.number())
    .parse((await readFile(times, "utf8")).trim().split(" "));
  const called = (await readFile(calls, "utf8")).split("\n");
  const log = (await readFile(target.ssh.logFile, "utf8")).slice(before);
  return {
    wall,
    cpu: user + system,
    commands: log.split("Starting session: command").length - 1,
    squeue: called.filter((name) => name === "squeue").length,
    sacct: called.filter((name) => name === "sacct").length,
  };
}
