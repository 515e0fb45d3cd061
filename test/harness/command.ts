import { spawn } from "node:child_process";
import { once } from "node:events";

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly stdin?: string;
  readonly timeoutSeconds?: number;
  /** Runs as this user, without root's groups. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

export interface CommandOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The PATH of a root login on Debian: what a harness program is looked up in, whatever the caller's is. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs a program to its end; a non-zero exit is a value, and the deadline (30 s) kills it and counts as 124. */
export async function tryCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandOutput> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error("a command needs a program");
  const child = spawn(program, args, {
    cwd: options.folder ?? "/",
    env: { PATH: SYSTEM_PATH, ...options.environment },
    stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
  });
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  // A program that does not read all of its stdin closes it early: EPIPE is its right.
  child.stdin?.on("error", () => {}).end(options.stdin);
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      child.kill("SIGKILL");
      // A grandchild may hold the pipes; then "close" would never come.
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    (options.timeoutSeconds ?? 30) * 1000,
  );
  try {
    const [code] = await once(child, "close");
    return { exitCode: late ? 124 : typeof code === "number" ? code : 1, ...output };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program to its end and throws with its output when it does not exit with 0. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandOutput> {
  const output = await tryCommand(argv, options);
  if (output.exitCode !== 0) {
    throw new Error(`${argv.join(" ")} ended with ${output.exitCode}\n${output.stdout}${output.stderr}`);
  }
  return output;
}
