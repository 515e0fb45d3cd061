import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { JobId, SubmissionId } from "../../packages/core/src/model/ids.ts";
import type { Batch, BatchDependency } from "../../packages/core/src/schedule/batches.ts";
import { cancelSubmission } from "../../packages/core/src/schedule/cancel-submission.ts";
import { renderLocalPlan } from "../../packages/core/src/schedule/local-plan.ts";
import { submitLocal } from "../../packages/core/src/schedule/submit-local.ts";
import type { JobResources } from "../../packages/core/src/target/config/resources.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { EventReceiver } from "./event-receiver.ts";
import type { LocalSite } from "./local-site.ts";
import {
  type JobOrder,
  makeSubmissionBeside,
  makeTargetFolder,
  type TargetFolder,
  writeAccess,
} from "./target-folder.ts";

export interface BatchOptions {
  readonly resources?: Partial<JobResources>;
  readonly dependency?: Partial<BatchDependency>;
}

/** A submission on a machine without SLURM, handed in over its SSH. */
export interface LocalSubmission {
  readonly target: TargetFolder;
  /** Adds jobs as the next batch, whose number it says; stages are the names of the tasks. */
  add(jobs: readonly JobOrder[], options?: BatchOptions): Promise<number>;
  handIn(options?: { readonly concurrency?: number; readonly isFailFast?: boolean }): Promise<void>;
  /** The task's id, `<array>_<index>`. */
  idOf(stage: string): string;
  /** The job's folder in outputs/. */
  folderOf(stage: string): string;
  cancel(ids?: readonly string[]): Promise<void>;
  /** What the agent's table says of a task: state and reason. */
  readState(stage: string): Promise<{ readonly state: string; readonly reason: string } | undefined>;
  waitForState(stage: string, state: string): Promise<void>;
  /** Waits until the relay has told everything and ended. */
  waitForRelay(): Promise<void>;
  /** pid and further words of a task's repx-task. */
  readClaim(stage: string): Promise<string>;
  readLogs(): Promise<string>;
}

/** Makes a submission in a base folder of its own, or beside another one in its. */
export async function openLocalSubmission(
  site: LocalSite,
  receiver: EventReceiver,
  beside?: TargetFolder,
): Promise<LocalSubmission> {
  const target =
    beside === undefined ? await makeTargetFolder(site.folder, site.user) : await makeSubmissionBeside(beside);
  await writeAccess(target, `${receiver.url}/`, randomBytes(24).toString("base64url"));
  await writeFile(join(target.folder, "programs"), `${target.programs}\n`);
  for (const name of ["claims", "ends", "cancel"]) await mkdir(join(target.folder, "local", name), { recursive: true });
  const place = { id: SubmissionId.parse(target.submission), basePath: target.base, programs: target.programs };
  const batches: Batch[] = [];
  const tasks: Tasks = new Map();
  let arrays: ReadonlyMap<number, string> = new Map();
  const find = (stage: string) => tasks.get(stage) ?? fail(stage);
  const idOf = (stage: string) => `${arrays.get(find(stage).batch)}_${find(stage).index}`;
  return {
    target,
    idOf,
    ...watchSubmission(site, target, idOf),
    folderOf: (stage) => join(target.base, "outputs", find(stage).job),
    add: async (jobs, options = {}) => {
      const batch = await addBatch(target, jobs, options);
      batches.push(batch);
      for (const [index, { id }] of batch.tasks)
        tasks.set(jobs[index - 1]?.stage ?? "", { job: id, batch: batch.number, index });
      return batch.number;
    },
    handIn: async ({ concurrency, isFailFast = false } = {}) => {
      await writeFile(join(target.folder, "local/plan.tsv"), renderLocalPlan(batches, isFailFast));
      await target.giveAway();
      await chmod(target.folder, 0o700);
      arrays = await submitLocal(site.transport, batches, place, concurrency);
    },
    cancel: async (ids) => {
      await cancelSubmission(site.transport, place, ids);
    },
  };
}

type Tasks = Map<string, { readonly job: string; readonly batch: number; readonly index: number }>;

function fail(stage: string): never {
  throw new Error(`there is no task ${stage}`);
}

async function addBatch(
  target: TargetFolder,
  jobs: readonly JobOrder[],
  { resources = {}, dependency = {} }: BatchOptions,
): Promise<Batch> {
  const { number, ids } = await target.addBatch(jobs);
  const nothing = { stage: "", executable: "", dependsOn: [], resources: { sbatchOpts: [] } };
  const tasks = ids.map((id, at) => [at + 1, { id: JobId.parse(id), ...nothing }] as const);
  const waits = { corresponding: [], ok: [], any: [], ...dependency };
  return { number, stage: "", dependency: waits, resources: { sbatchOpts: [], ...resources }, tasks: new Map(tasks) };
}

type Watch = Pick<LocalSubmission, "readState" | "waitForState" | "waitForRelay" | "readClaim" | "readLogs">;

function watchSubmission(site: LocalSite, target: TargetFolder, idOf: (stage: string) => string): Watch {
  const read = async (name: string) => readFile(join(target.folder, name), "utf8").catch(() => "");
  const readState = async (stage: string) => {
    const row = (await read("local/queue")).split("\n").find((line) => line.startsWith(`${idOf(stage)} `));
    return row === undefined ? undefined : { state: row.slice(32, 52).trim(), reason: row.slice(244, 344).trim() };
  };
  return {
    readState,
    waitForState: async (stage, state) => {
      await waitUntil({ what: `${stage} to be ${state}`, timeoutSeconds: 30, intervalMs: 100 }, async () => {
        return (await readState(stage))?.state === state;
      });
    },
    waitForRelay: async () => {
      await waitUntil({ what: "the relay to end", timeoutSeconds: 60, intervalMs: 200 }, async () =>
        (await read("relay.log")).includes("all jobs have ended"),
      );
    },
    readClaim: async (stage) =>
      waitUntil({ what: `${stage} to be claimed`, timeoutSeconds: 30 }, async () =>
        read(`local/claims/${idOf(stage)}`),
      ),
    readLogs: async () => {
      const script = 'cd "$1" && tail -n 50 agent/*/agent.log "$2"/relay.log "$2"/local/log; ls -A "$2"/local/*';
      return (await site.user.run(["sh", "-c", script, "sh", target.base, target.folder])).stdout;
    },
  };
}

/** The agent's process, by the lock that it holds. */
export async function readAgentPid(site: LocalSite, base: string): Promise<number> {
  const script = 'cd "$1"/agent/*/running && readlink "$(ls | sort -n | tail -n 1)"';
  const { stdout } = await site.user.run(["sh", "-c", script, "sh", base]);
  const pid = Number(stdout.split(":")[1]);
  expect(pid).toBeGreaterThan(1);
  return pid;
}
