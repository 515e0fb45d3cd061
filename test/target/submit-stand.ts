// A cluster, a login node behind sshd, and submissions whose files lie there as the submitter's push leaves them.
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type JobId, SubmissionId } from "../../packages/core/src/model/ids.ts";
import { planBatches, type Batch, type SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import type { SubmissionPlace } from "../../packages/core/src/schedule/sbatch-command.ts";
import { spreadParts } from "../../packages/core/src/schedule/spread-parts.ts";
import { type JobFiles, writeSubmissionFiles } from "../../packages/core/src/schedule/submission-files.ts";
import { EMPTY_PLAN } from "../../packages/core/src/schedule/submission-plan.fixture.ts";
import { openLasting } from "../../packages/core/src/target/transport/lasting.ts";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { SYSTEM_PATH } from "../harness/command.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { type SshServer, startSshServer } from "../harness/ssh-server.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import { makeHop, openHopsOf } from "../transport/hand-made-route.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

export interface SubmitStand extends AsyncDisposable {
  readonly cluster: SlurmCluster;
  readonly server: SshServer;
  readonly target: TargetFolder;
  readonly transport: Transport;
  /** Writes a submission's files, with an executable of this script for each job. */
  writeSubmission(jobs: readonly SchedulableJob[], order?: SubmissionOrder): Promise<WrittenSubmission>;
  /** Puts a program before SLURM's own on the PATH of the login. */
  wrapProgram(name: string, script: string): Promise<void>;
  unwrapProgram(name: string): Promise<void>;
  /** SLURM's ids of all arrays, ended ones too, with the comment of a batch of this submission, by batch. */
  listArrays(place: SubmissionPlace): Promise<ReadonlyMap<number, readonly string[]>>;
}

export interface SubmissionOrder {
  readonly script?: string;
  readonly mostTasks?: number;
  readonly files?: ReadonlyMap<JobId, JobFiles>;
}

export interface WrittenSubmission {
  readonly place: SubmissionPlace;
  readonly folder: string;
  readonly batches: readonly Batch[];
}

export interface StandOptions {
  readonly folder: string;
  readonly extraConf?: string;
  readonly hasAccounting?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts everything in one folder, which is removed at the end. */
export async function startSubmitStand({ folder, environment, ...options }: StandOptions): Promise<SubmitStand> {
  await using started = new AsyncDisposableStack();
  started.defer(async () => rm(folder, { recursive: true, force: true }));
  const user = await ensureClusterUser();
  const cluster = started.use(
    await startSlurmCluster({
      folder: join(folder, "slurm"),
      user,
      cpusPerNode: 16,
      ...options,
    }),
  );
  const wrappers = await makeTraversableFolder(folder, "wrappers");
  const server = started.use(
    await startSshServer({
      folder: join(folder, "ssh"),
      user,
      environment: {
        ...cluster.environment,
        PATH: `${wrappers}:${SYSTEM_PATH}`,
        REPX_SUBMIT_PAUSE_SECONDS: "1",
        ...environment,
      },
    }),
  );
  const target = started.use(await makeTargetFolder(join(folder, "base"), user));
  started.defer(async () => void (await user.endProcessesOf(cluster.conf)));
  const transport = started.use(await openLasting(async () => openServer(server), { pauseSeconds: 0.1 }));
  const running = started.move();
  return {
    cluster,
    server,
    target,
    transport,
    writeSubmission: async (jobs, order) => writeSubmission(target, jobs, order),
    wrapProgram: async (name, script) => {
      await writeFile(join(wrappers, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(wrappers, name), 0o755);
    },
    unwrapProgram: async (name) => rm(join(wrappers, name)),
    listArrays: async (place) => listArrays(cluster, user, place),
    [Symbol.asyncDispose]: async () => running.disposeAsync(),
  };
}

async function openServer(server: SshServer): Promise<Transport> {
  const hop = makeHop(server, { port: server.port, identityFiles: [server.privateKeyPath] });
  return openHopsOf({ hops: [hop] }, { knownHosts: server.knownHosts });
}

let submissions = 0;

async function writeSubmission(
  target: TargetFolder,
  jobs: readonly SchedulableJob[],
  { script = "true", mostTasks, files = new Map() }: SubmissionOrder = {},
): Promise<WrittenSubmission> {
  submissions += 1;
  const id = SubmissionId.parse(`s${String(submissions).padStart(25, "0")}`);
  const limit = mostTasks === undefined ? {} : { mostTasks };
  const place = { id, basePath: target.base, programs: target.programs, ...limit };
  const folder = join(target.base, "submissions", id);
  const batches = spreadParts(planBatches(jobs, new Map(), mostTasks));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeSubmissionFiles(folder, {
    coordinator: { origin: "http://127.0.0.1:9", token: "token" },
    labHash: "0123456789abcdef",
    place,
    plan: EMPTY_PLAN,
    batches,
    awaited: "",
    jobs: files,
  });
  for (const { executable } of jobs) {
    const path = join(target.base, "artifacts", executable);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  await target.giveAway();
  return { place, folder, batches };
}

async function listArrays(
  cluster: SlurmCluster,
  user: ClusterUser,
  place: SubmissionPlace,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { stdout } = await cluster.run(["squeue", "-h", "-u", user.name, "-t", "all", "-o", "%F %k"]);
  const found = new Map<number, string[]>();
  for (const line of new Set(stdout.split("\n"))) {
    const [slurmId = "", comment = ""] = line.split(" ");
    const [, id, batch = "", ...items] = comment.split(":");
    if (id !== place.id || !/^[0-9]+$/.test(batch) || items.length > 0) continue;
    const number = Number(batch);
    found.set(number, [...(found.get(number) ?? []), slurmId]);
  }
  return found;
}

/** The rows of slurm.tsv: SLURM's id of a task, and its job. */
export async function readRows(folder: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(folder, "slurm.tsv"), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")]));
}
