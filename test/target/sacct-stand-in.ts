import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SYSTEM_PATH } from "../harness/command.ts";
import type { TargetFolder } from "./target-folder.ts";

/** A program that is found as `sacct` and prints what SLURM 22.05 would: the test clusters have no database. */
export interface SacctStandIn {
  /** For the relay's environment. */
  readonly path: string;
  /** What it says of jobs (`sacct -X`: id, state, code, start, end, seconds, nodes). */
  sayOfJobs(rows: readonly string[]): Promise<void>;
  /** What it says of jobs and their steps (id, state). */
  sayOfSteps(rows: readonly string[]): Promise<void>;
  /** The database is away, or back. */
  setAway(isAway: boolean): Promise<void>;
  /** The words of all calls, a line each. */
  readCalls(): Promise<string>;
}

/** Puts the program into the target's base folder; it says nothing of any job yet. */
export async function makeSacct(target: TargetFolder): Promise<SacctStandIn> {
  const tools = join(target.base, "tools");
  await mkdir(tools);
  const write = async (name: string, rows: readonly string[]) => {
    await writeFile(join(tools, name), rows.map((row) => `${row}\n`).join(""));
    await target.giveAway();
  };
  await writeFile(
    join(tools, "sacct"),
    `#!/bin/sh
cd ${tools} && printf '%s\\n' "$*" >>calls
[ ! -e away ] || { echo "sacct: error: slurm_persist_conn_open_without_init: Connection refused" >&2; exit 1; }
case " $* " in *" -X "*) cat jobs ;; *) cat steps ;; esac
`,
  );
  await chmod(join(tools, "sacct"), 0o755);
  await write("jobs", []);
  await write("steps", []);
  return {
    path: `${tools}:${SYSTEM_PATH}`,
    sayOfJobs: async (rows) => write("jobs", rows),
    sayOfSteps: async (rows) => write("steps", rows),
    setAway: async (isAway) => (isAway ? write("away", []) : rm(join(tools, "away"))),
    readCalls: async () => readFile(join(tools, "calls"), "utf8").catch(() => ""),
  };
}
