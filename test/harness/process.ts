import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, open, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SYSTEM_PATH } from "./command.ts";
import { waitUntil } from "./wait-until.ts";

export interface ProcessState {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly comm: string;
}

/** What a pid file's process must be for it to be ours: its name, and a text its command line has (our folder). */
export interface Identity {
  readonly comm: string;
  readonly mentions?: string;
}

export interface Daemon {
  readonly pid: number;
  readonly logFile: string;
}

export interface DaemonOptions {
  readonly argv: readonly [string, ...string[]];
  readonly logFile: string;
  readonly pidFile: string;
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a program in a session of its own, so that a Ctrl-C at our terminal reaches it only through us. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, "a", 0o600);
  try {
    const [program, ...args] = options.argv;
    const child = spawn(program, args, {
      cwd: options.folder,
      detached: true,
      env: { PATH: SYSTEM_PATH, ...options.environment },
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    if (child.pid === undefined) throw new Error(`${program} has no pid`);
    child.unref();
    await writeFile(options.pidFile, `${child.pid}\n`);
    await chmod(options.pidFile, 0o644);
    return { pid: child.pid, logFile: options.logFile };
  } finally {
    await log.close();
  }
}

/** Reads one process from /proc; undefined when it is gone, or a zombie that nobody has reaped yet. */
export async function readProcess(pid: number): Promise<ProcessState | undefined> {
  const status = await readIfThere(`/proc/${pid}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1];
  const state = field("State");
  if (state === undefined || state === "Z" || state === "X") return undefined;
  const comm = (await readIfThere(`/proc/${pid}/comm`)).trimEnd();
  return { pid, parent: Number(field("PPid")), uid: Number(field("Uid")), comm };
}

/** Every live process of the machine. */
export async function readProcesses(): Promise<ProcessState[]> {
  const names = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name));
  const all = await Promise.all(names.map((name) => readProcess(Number(name))));
  return all.filter((found) => found !== undefined);
}

/** Live processes whose environment holds NAME=value: the mark by which we know what we started. */
export async function findMarked(name: string, value: string): Promise<ProcessState[]> {
  const marked: ProcessState[] = [];
  for (const found of await readProcesses()) {
    if (found.pid === process.pid) continue;
    const environment = await readIfThere(`/proc/${found.pid}/environ`);
    if (environment.split("\0").includes(`${name}=${value}`)) marked.push(found);
  }
  return marked;
}

/** A process and all that descend from it, itself first. */
export async function readTree(root: number): Promise<number[]> {
  const all = await readProcesses();
  const tree = [root];
  for (const pid of tree) tree.push(...all.filter((one) => one.parent === pid).map((one) => one.pid));
  return tree;
}

/** Whether `pid` lives (a zombie does not) and is the program that it should be. */
export async function isAlive(pid: number, identity: Identity): Promise<boolean> {
  const found = await readProcess(pid);
  if (found?.comm !== identity.comm) return false;
  if (identity.mentions === undefined) return true;
  return (await readIfThere(`/proc/${pid}/cmdline`)).includes(identity.mentions);
}

/** The pid that a pid file names; undefined when there is no such file or it holds no number. */
export async function readPidFile(path: string): Promise<number | undefined> {
  const pid = Number((await readIfThere(path)).trim());
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

export interface StopOptions extends Identity {
  /** How long TERM may take before KILL; 0 kills at once. */
  readonly graceSeconds: number;
}

/** Ends `pid` if it is still the program that it should be: TERM, then KILL at the deadline. */
export async function stopProcess(pid: number, options: StopOptions): Promise<void> {
  const isGone = async () => !(await isAlive(pid, options));
  if (await isGone()) return;
  if (options.graceSeconds > 0) {
    sendSignal(pid, "SIGTERM");
    try {
      await waitUntil({ what: `${options.comm} to end`, timeoutSeconds: options.graceSeconds, intervalMs: 20 }, isGone);
      return;
    } catch {
      // It did not end in its time: KILL below is the answer.
    }
  }
  sendSignal(pid, "SIGKILL");
  await waitUntil({ what: `${options.comm} (${pid}) to die`, timeoutSeconds: 10, intervalMs: 10 }, isGone);
}

/** Ends what a pid file names, if it is ours, and removes the file. */
export async function stopByPidFile(path: string, options: StopOptions): Promise<void> {
  const pid = await readPidFile(path);
  if (pid !== undefined) await stopProcess(pid, options);
  await rm(path, { force: true });
}

/** Kills processes at once and waits until none of them lives; each is looked at by pid and name. */
export async function killProcesses(processes: readonly ProcessState[]): Promise<void> {
  await Promise.all(processes.map((one) => stopProcess(one.pid, { comm: one.comm, graceSeconds: 0 })));
}

/** Sends a signal; a process that ended meanwhile is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // Gone, or (environ of another user's process) not ours to read: both mean "not this one".
    return "";
  }
}
