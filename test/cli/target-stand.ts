// A researcher at home: HOME with a key and known_hosts, a project with a config file, and a target behind a real sshd.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureClusterUser, type ClusterUser } from "../harness/cluster-user.ts";
import { SYSTEM_PATH, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer, type SshServerOptions } from "../harness/ssh-server.ts";
import { REPX, runRepx } from "./run-repx.ts";

/** What is typed when the screen shows a text. */
export interface TerminalAnswer {
  readonly when: string;
  readonly type: string;
}

export interface TargetStand extends AsyncDisposable {
  readonly user: ClusterUser;
  readonly ssh: SshServer;
  readonly home: string;
  readonly project: string;
  /** A folder of the target's user. */
  readonly basePath: string;
  /** Runs the program in the project. */
  repx(...words: readonly string[]): Promise<CommandOutput>;
  /** Runs it on a terminal of 80 columns; answers each question, in order, and gives back all that was on the screen. */
  repxOnTerminal(words: readonly string[], answers: readonly TerminalAnswer[]): Promise<string>;
  /** Writes the project's config file with these lines in the target's table. */
  writeConfig(...lines: readonly string[]): Promise<void>;
}

/** Starts sshd; the config names the target `cluster`, whose scheduler is local. */
export async function startTargetStand(server: Partial<SshServerOptions> = {}): Promise<TargetStand> {
  await using started = new AsyncDisposableStack();
  const scratch = started.use(await startScratchFolder());
  await chmod(scratch.path, 0o755);
  const user = await ensureClusterUser();
  const ssh = started.use(await startSshServer({ folder: join(scratch.path, "sshd"), user, ...server }));
  const [home, project, basePath] = ["home", "project", "base"].map((name) => join(scratch.path, name));
  if (home === undefined || project === undefined || basePath === undefined) throw new Error("three folders");
  await mkdir(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  await cp(ssh.privateKeyPath, join(home, ".ssh/id_ed25519"));
  await writeFile(join(home, ".ssh/known_hosts"), ssh.knownHosts);
  await mkdir(join(project, ".repx"), { recursive: true });
  await mkdir(basePath);
  await chown(basePath, user.uid, user.gid);
  const options = { folder: project, environment: { HOME: home } };
  const PATH = `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}`;
  const stand = {
    user,
    ssh,
    home,
    project,
    basePath,
    repx: async (...words: readonly string[]) => runRepx(words, options),
    repxOnTerminal: async (words: readonly string[], answers: readonly TerminalAnswer[]) =>
      runOnTerminal([REPX, ...words], answers, { cwd: project, env: { TERM: "xterm", HOME: home, PATH } }),
    writeConfig: async (...lines: readonly string[]) =>
      writeFile(
        join(project, ".repx/config.toml"),
        [
          "[targets.cluster]",
          `address = "${user.name}@127.0.0.1"`,
          `port = ${ssh.port}`,
          ...(lines.some((one) => one.startsWith("base_path")) ? [] : [`base_path = "${basePath}"`]),
          ...(lines.some((one) => one.startsWith("default_scheduler")) ? [] : ['default_scheduler = "local"']),
          ...lines,
          "",
        ].join("\n"),
      ),
  };
  await stand.writeConfig();
  const running = started.move();
  return { ...stand, [Symbol.asyncDispose]: async () => running[Symbol.asyncDispose]() };
}

async function runOnTerminal(
  argv: readonly string[],
  answers: readonly TerminalAnswer[],
  options: { readonly cwd: string; readonly env: Record<string, string> },
): Promise<string> {
  const line = ["stty", "columns", "80;", ...argv].join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    ...options,
    timeout: 60_000,
  });
  const waiting = [...answers];
  let [shown, read] = ["", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    for (let next = waiting[0]; next !== undefined && shown.includes(next.when, read); next = waiting[0]) {
      read = shown.indexOf(next.when, read) + next.when.length;
      child.stdin.write(next.type);
      waiting.shift();
    }
  });
  await once(child, "close");
  if (waiting.length > 0) throw new Error(`${JSON.stringify(waiting[0])} was never asked\n${shown}`);
  return shown;
}
