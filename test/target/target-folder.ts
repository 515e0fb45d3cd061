import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ClusterUser } from "../harness/cluster-user.ts";
import { type CommandOutput, tryCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";

/** A job as a test asks for it: a script that gets <out> <inputs> <parameters>. */
export interface JobOrder {
  readonly stage: string;
  readonly script: string;
  /** The file `runtime` of the job; without one it runs natively. */
  readonly runtime?: string;
  /** The file `again` of the job: which earlier success does not count. */
  readonly again?: string;
  /** In its record: the revision that was asked for. */
  readonly rev?: number;
}

/** A target's base folder with the programs deployed and one submission in it. */
export interface TargetFolder extends AsyncDisposable {
  readonly base: string;
  readonly submission: string;
  /** The submission's own folder. */
  readonly folder: string;
  /** Where the programs are. */
  readonly programs: string;
  readonly user: ClusterUser;
  /** Adds jobs as the next batch; line k is the k-th job. Says their ids. */
  addBatch(jobs: readonly JobOrder[]): Promise<{ readonly number: number; readonly ids: readonly string[] }>;
  /** Runs repx-job as a compute node would, without SLURM. */
  runJob(batch: number, environment?: Readonly<Record<string, string>>): Promise<CommandOutput>;
  /** A file of the job's folder as text; undefined when it is not there. */
  read(job: string, path: string): Promise<string | undefined>;
  /** Takes what root wrote over to the user. */
  giveAway(): Promise<void>;
}

let count = 0;
let submissions = 0;

/** Makes the base folder as submit does, for a user who is not root. */
export async function makeTargetFolder(parent: string, user: ClusterUser): Promise<TargetFolder> {
  count += 1;
  const base = await makeTraversableFolder(parent, `target${process.pid}-${count}`);
  await cp(join(REPOSITORY_ROOT, "packages/core/target"), join(base, "bin/test"), { recursive: true });
  await mkdir(join(base, "outputs"), { recursive: true });
  return addSubmission(base, user);
}

/** Makes one more submission in another's base folder; its batches hold the same job ids as the other's. */
export async function makeSubmissionBeside(other: TargetFolder): Promise<TargetFolder> {
  return addSubmission(other.base, other.user);
}

async function addSubmission(base: string, user: ClusterUser): Promise<TargetFolder> {
  submissions += 1;
  const submission = `s${createHash("sha256").update(`${base} ${submissions}`).digest("hex").slice(0, 25)}`;
  const folder = join(base, "submissions", submission);
  const programs = join(base, "bin/test");
  for (const name of ["batches", "jobs", "bells", "spool"]) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, "lab"), "0123456789abcdef\n");
  const giveAway = async () => {
    await tryCommand(["chown", "-R", `${user.uid}:${user.gid}`, base]);
  };
  await giveAway();
  await chmod(folder, 0o700);
  let batches = 0;
  return {
    base,
    submission,
    folder,
    programs,
    user,
    giveAway,
    addBatch: async (jobs) => {
      batches += 1;
      const ids = await Promise.all(
        jobs.map(async (job, index) => writeJob(base, folder, job, batches * 1000 + index)),
      );
      const documents = jobs.map(({ stage, rev, runtime }) => [
        `${JSON.stringify({ stage, rev, runtime: /^kind\t(.*)$/m.exec(runtime ?? "")?.[1], note: "as the submitter wrote it" }, null, 2)}\n`,
        `${JSON.stringify({ data: "/in put" })}\n`,
        `${JSON.stringify({ seed: 7 })}\n`,
      ]);
      let at = 0;
      const table = ids.map((id, index) => {
        const sizes = documents[index]?.map((text) => text.length) ?? [];
        const row = [id, `jobs/${id}/bin/run`, at, ...sizes];
        at += sizes.reduce((sum, size) => sum + size, 0);
        return `${row.join("\t")}\n`;
      });
      await writeFile(join(folder, "batches", `${batches}.tsv`), table.join(""));
      await writeFile(join(folder, "batches", `${batches}.json`), documents.flat().join(""));
      await giveAway();
      return { number: batches, ids };
    },
    runJob: async (batch, environment = {}) =>
      tryCommand([join(programs, "repx-job"), base, submission, String(batch)], {
        folder,
        environment: { HOME: user.home, ...environment },
        user,
      }),
    read: async (job, path) => readFile(join(base, "outputs", job, path), "utf8").catch(() => undefined),
    [Symbol.asyncDispose]: async () => rm(base, { recursive: true, force: true }),
  };
}

async function writeJob(base: string, folder: string, job: JobOrder, number: number): Promise<string> {
  const id = `${String(number).padStart(32, "0")}-${job.stage}-1.0`;
  const bin = join(base, "artifacts/jobs", id, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "run"), job.script.startsWith("#!") ? job.script : `#!/bin/sh\n${job.script}\n`, {
    mode: 0o755,
  });
  const place = join(folder, "jobs", id);
  if (job.runtime !== undefined || job.again !== undefined) await mkdir(place, { recursive: true });
  if (job.runtime !== undefined) await writeFile(join(place, "runtime"), job.runtime);
  if (job.again !== undefined) await writeFile(join(place, "again"), `${job.again}\n`);
  return id;
}

/** Writes what the relay needs to speak: where, and with which token. */
export async function writeAccess(target: TargetFolder, coordinator: string, token: string): Promise<void> {
  await writeFile(join(target.folder, "coordinator"), `${coordinator}\n`);
  await writeFile(join(target.folder, "token"), `${token}\n`, { mode: 0o600 });
  await chown(join(target.folder, "token"), target.user.uid, target.user.gid);
  await target.giveAway();
}
