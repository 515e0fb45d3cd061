import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SYSTEM_PATH } from "../harness/command.ts";
import type { SlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { EventReceiver } from "./event-receiver.ts";
import {
  type JobOrder,
  makeSubmissionBeside,
  makeTargetFolder,
  type TargetFolder,
  writeAccess,
} from "./target-folder.ts";

/** A relay that a test started, as the submitter would, but as a child of the test. */
export interface Relay extends AsyncDisposable {
  readonly pid: number;
  /** Waits for its end; the exit code, or the signal's name. */
  waitForEnd(timeoutSeconds: number): Promise<number | string>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface SubmittedArray {
  readonly slurmId: string;
  readonly ids: readonly string[];
}

/** A submission on a real cluster with a receiver for its events. */
export interface Submission {
  readonly target: TargetFolder;
  readonly token: string;
  /** sbatch of one array of jobs; says the array's SLURM id. Each job is <id>_<k>. `program` stands in for repx-job. */
  submit(jobs: readonly JobOrder[], options?: readonly string[], program?: string): Promise<SubmittedArray>;
  /** Says that every sbatch was made. */
  finish(): Promise<void>;
  startRelay(environment?: Readonly<Record<string, string>>): Promise<Relay>;
  readLog(): Promise<string>;
}

/** Makes a submission for the cluster's user: in a base folder of its own under `parent`, or beside another one in its. */
export async function openSubmission(
  cluster: SlurmCluster,
  receiver: EventReceiver,
  user: TargetFolder["user"],
  place: { readonly parent?: string; readonly beside?: TargetFolder } = {},
): Promise<Submission> {
  const target =
    place.beside === undefined
      ? await makeTargetFolder(place.parent ?? "/tmp/repx-relay-test", user)
      : await makeSubmissionBeside(place.beside);
  const token = randomBytes(24).toString("base64url");
  await writeAccess(target, `${receiver.url}/`, token);
  return {
    target,
    token,
    submit: async (jobs, options = [], program = "") => {
      const { number, ids } = await target.addBatch(jobs);
      const command = program || `${target.programs}/repx-job ${target.base} ${target.submission} ${number}`;
      const script = `#!/bin/sh\nexec ${command}\n`;
      const places = [
        `--chdir=${target.folder}`,
        "--output=/dev/null",
        `--array=1-${ids.length}`,
        "--kill-on-invalid-dep=yes",
      ];
      const argv = ["sbatch", "--parsable", ...places, ...options];
      const { stdout } = await target.user.run(argv, { stdin: script, environment: cluster.environment });
      const slurmId = stdout.trim();
      const rows = ids.map((id, index) => `${slurmId}_${index + 1}\t${id}\n`).join("");
      await appendFile(join(target.folder, "slurm.tsv"), rows);
      await target.giveAway();
      return { slurmId, ids };
    },
    finish: async () => writeFile(join(target.folder, "submitted"), ""),
    startRelay: async (environment = {}) => startRelay(target, { ...cluster.environment, ...environment }),
    readLog: async () => readFile(join(target.folder, "relay.log"), "utf8").catch(() => ""),
  };
}

async function startRelay(target: TargetFolder, environment: Readonly<Record<string, string>>): Promise<Relay> {
  const { user } = target;
  const child = spawn(join(target.programs, "repx-relay"), [target.base, target.submission], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: SYSTEM_PATH, HOME: user.home, REPX_TICK_SECONDS: "0.2", REPX_SPOOL: "/nonexistent", ...environment },
    uid: user.uid,
    gid: user.gid,
  });
  await once(child, "spawn");
  const ended = once(child, "exit").then(([code, signal]: (number | string | null)[]) => code ?? signal ?? "");
  let end: number | string | undefined;
  void ended.then((value) => (end = value));
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    kill,
    waitForEnd: async (timeoutSeconds) => waitUntil({ what: "the relay to end", timeoutSeconds }, async () => end),
    [Symbol.asyncDispose]: async () => {
      if (end === undefined) await kill("SIGKILL");
    },
  };
}

/** Names of the events that wait to be sent. */
export async function listSpool(target: TargetFolder): Promise<string[]> {
  return (await readdir(join(target.folder, "spool"))).filter((name) => name.endsWith(".json"));
}
