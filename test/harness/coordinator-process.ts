import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SYSTEM_PATH } from "./command.ts";
import { writeEnvFile } from "./env-file.ts";
import { findFreePorts, isFree } from "./free-port.ts";
import { readLogFolder, withLogs } from "./log-files.ts";
import { type Daemon, findMarked, killProcesses, readProcess, readTree, sendSignal, startDaemon } from "./process.ts";
import { NODE, REPOSITORY_ROOT } from "./repository-root.ts";
import { waitUntil } from "./wait-until.ts";

const WRANGLER = join(REPOSITORY_ROOT, "node_modules/wrangler/bin/wrangler.js");

/** In the environment of every process we start here: a killed earlier run in the same folder is known by it. */
const MARK = "REPX_HARNESS_COORDINATOR";

export interface CoordinatorOptions {
  /** Holds the state (kept between starts), the log and the env file. */
  readonly folder: string;
  /** Plain settings: they stand in argv. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Secrets: they stand in a file of mode 0600 alone. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly port?: number;
  /** A path that answers 2xx when the Worker is up. */
  readonly healthPath?: string;
}

export interface CoordinatorProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Kills the whole tree (wrangler and workerd) with SIGKILL, as a power cut would. */
  kill9(): Promise<void>;
  /** Ends it in order: TERM, then KILL at the deadline. */
  stop(): Promise<void>;
  /** Starts it on the same port and state; ends it first when it still runs. */
  restart(): Promise<void>;
  readLogs(): Promise<string>;
}

/** Starts the coordinator's Worker in workerd by `wrangler dev --local`, and waits until it answers. */
export async function startCoordinatorProcess(options: CoordinatorOptions): Promise<CoordinatorProcess> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await killProcesses(await findMarked(MARK, folder));
  const [port = 0, inspectorPort = 0] = await findFreePorts(2);
  const ports = { port: options.port ?? port, inspectorPort };
  const url = `http://127.0.0.1:${ports.port}`;
  await writeEnvFile(join(folder, "secrets.env"), options.secrets ?? {});
  const readLogs = async () => readLogFolder(join(folder, "log"));
  let daemon: Daemon | undefined;
  const kill9 = async () => {
    await killTree(daemon?.pid, folder, "SIGKILL");
    await waitUntil({ what: `port ${ports.port} to be free`, timeoutSeconds: 10 }, async () => isFree(ports.port));
  };
  const start = async () =>
    withLogs("the coordinator did not start", readLogs, async () => {
      daemon = await startWrangler(folder, ports, options);
      await waitForHealth(`${url}${options.healthPath ?? "/healthz"}`, daemon.pid);
    });
  const stop = async () => killTree(daemon?.pid, folder, "SIGTERM");
  const dispose = async () => {
    await stop();
    await rm(join(folder, "tmp"), { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  const restart = async () => {
    await stop();
    await start();
  };
  return { url, port: ports.port, kill9, stop, restart, readLogs, [Symbol.asyncDispose]: dispose };
}

async function startWrangler(
  folder: string,
  ports: { readonly port: number; readonly inspectorPort: number },
  options: CoordinatorOptions,
): Promise<Daemon> {
  // A kill -9 leaves miniflare's folders behind: they go with ours.
  const temporary = join(folder, "tmp");
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const settings = {
    config: options.config ?? join(REPOSITORY_ROOT, "packages/coordinator/wrangler.jsonc"),
    "persist-to": join(folder, "state"),
    "env-file": join(folder, "secrets.env"),
    ip: "127.0.0.1",
    port: `${ports.port}`,
    "inspector-port": `${ports.inspectorPort}`,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const vars = Object.entries(options.vars ?? {}).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  return startDaemon({
    argv: [NODE, WRANGLER, "dev", "--local", "--show-interactive-dev-session=false", ...flags, ...vars],
    folder: REPOSITORY_ROOT,
    logFile: join(folder, "log/coordinator.log"),
    pidFile: join(folder, "coordinator.pid"),
    environment: {
      PATH: `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}`,
      HOME: folder,
      TMPDIR: temporary,
      [MARK]: folder,
      // Quiet and offline: no telemetry, no look-up of workers.cloudflare.com, no local trace store.
      CI: "1",
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_LOG_PATH: join(folder, "wrangler-log"),
      WRANGLER_REGISTRY_PATH: join(folder, "registry"),
      X_LOCAL_OBSERVABILITY: "false",
      X_LOCAL_EXPLORER: "false",
    },
  });
}

async function waitForHealth(url: string, pid: number): Promise<void> {
  await waitUntil({ what: `${url} to answer`, timeoutSeconds: 60, intervalMs: 100 }, async () => {
    if ((await readProcess(pid)) === undefined) throw new Error("wrangler ended at once");
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok ?? false;
  });
}

/** wrangler is two Node processes and two workerds: the tree is read before it is cut, and the mark finds what it shed. */
async function killTree(root: number | undefined, folder: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (root !== undefined && signal === "SIGTERM") {
    const tree = await readTree(root);
    if ((await findMarked(MARK, folder)).some((one) => one.pid === root)) sendSignal(root, "SIGTERM");
    const isGone = async () =>
      (await Promise.all(tree.map((pid) => readProcess(pid)))).every((one) => one === undefined);
    await waitUntil({ what: "wrangler to end", timeoutSeconds: 5 }, isGone).catch(() => {
      // Not in its time: the sweep below kills.
    });
  }
  for (;;) {
    // Until none is left: one that was being forked while we looked has the mark as well.
    const left = await findMarked(MARK, folder);
    if (left.length === 0) return;
    await killProcesses(left);
  }
}
