import { randomInt } from "node:crypto";
import { chmod, chown, copyFile, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Accounting, startAccounting } from "./accounting.ts";
import { type ClusterUser, endProcessesOf, readPasswd } from "./cluster-user.ts";
import { type CommandOutput, runCommand, tryCommand } from "./command.ts";
import { findFreePorts } from "./free-port.ts";
import { readLogFolder, withLogs } from "./log-files.ts";
import { type MungeDaemon, startMungeDaemon } from "./munge-daemon.ts";
import { findMarked, isAlive, killProcesses, readPidFile, stopByPidFile } from "./process.ts";
import { renderCgroupConf, renderSlurmConf } from "./slurm-conf.ts";
import { findSlurmNode, type SlurmNode } from "./slurm-node.ts";
import { renderEpilogWrapper } from "./epilog-wrapper.ts";
import { makeTraversableFolder } from "./traversable-folder.ts";
import { waitUntil } from "./wait-until.ts";

const CONTROLLERS = ["cpuacct", "freezer", "memory", "cpuset", "devices"];

export interface SlurmClusterOptions {
  /** Short and plain; emptied of an earlier cluster's state. */
  readonly folder: string;
  readonly user: ClusterUser;
  readonly nodes?: number;
  readonly cpusPerNode?: number;
  /** The product's EpilogSlurmctld program; it is copied, as an admin would install it. */
  readonly epilog?: string;
  /** How SLURM is to call the epilog; `EpilogSlurmctld` when not given. */
  readonly hook?: "EpilogSlurmctld" | "jobcomp/script";
  readonly epilogEnvironment?: Readonly<Record<string, string>>;
  /** Lines appended to slurm.conf. */
  readonly extraConf?: string;
  /** With slurmdbd and a database of its own; without it sacct knows nothing. */
  readonly hasAccounting?: boolean;
}

export interface SlurmCluster extends AsyncDisposable {
  readonly folder: string;
  readonly conf: string;
  /** What a client needs: SLURM_CONF. */
  readonly environment: Readonly<Record<string, string>>;
  /** The spool that the epilog gets as REPX_SPOOL: owned by slurm, readable by all. */
  readonly doorbells: string;
  readonly version: string;
  readonly nodes: readonly string[];
  readonly hasCgroup: boolean;
  readonly munge: MungeDaemon;
  readonly accounting: Accounting | undefined;
  /** Runs a SLURM client as root and throws when it fails. */
  run(argv: readonly string[]): Promise<CommandOutput>;
  nodeOf(name: string): SlurmNode;
  /** `down` makes a real NODE_FAIL at once, `resume` brings the node back. */
  setNodeState(node: string, state: "down" | "drain" | "resume"): Promise<void>;
  stopController(): Promise<void>;
  /** At once, as a power cut would. */
  killController(): Promise<void>;
  startController(): Promise<void>;
  readLogs(): Promise<string>;
}

/** Starts munged, slurmctld and `nodes` slurmd on loopback, with own keys, ports and folders, and waits until all nodes are idle. */
export async function startSlurmCluster(options: SlurmClusterOptions): Promise<SlurmCluster> {
  const folder = await makeTraversableFolder(options.folder);
  const readLogs = async () => readLogFolder(join(folder, "log"));
  const conf = join(folder, "slurm.conf");
  const environment = { SLURM_CONF: conf };
  await endCluster(folder, options.user);
  const doorbells = await makeFolders(folder);
  const munge = await startMungeDaemon(folder);
  const run = async (argv: readonly string[]) => runCommand(argv, { environment });
  const stop = async () => {
    await endCluster(folder, options.user);
    await munge[Symbol.asyncDispose]();
  };
  try {
    const { nodes, hasCgroup, ...place } = await writeConf(folder, munge.socket, options);
    const startController = async () => startSlurmctld(folder, conf);
    const accounting = await withLogs(`SLURM in ${folder} did not start`, readLogs, async () => {
      // slurmctld refuses a first start without the database.
      const started = place.port === undefined ? undefined : await startAccounting({ ...place, port: place.port });
      await startController();
      await Promise.all(nodes.map(async (node) => findSlurmNode(folder, node).startDaemon()));
      await waitForNodes(conf, nodes);
      return started;
    });
    const version = (await runCommand(["/usr/sbin/slurmctld", "-V"])).stdout.trim();
    return {
      folder,
      conf,
      environment,
      doorbells,
      version,
      nodes,
      hasCgroup,
      munge,
      accounting,
      run,
      startController,
      readLogs,
      nodeOf: (name) => findSlurmNode(folder, name),
      setNodeState: async (node, state) => setNodeState(conf, node, state),
      killController: async () => {
        process.kill(Number(await readFile(pidFile(folder, "slurmctld"), "utf8")), "SIGKILL");
      },
      stopController: async () => stopByPidFile(pidFile(folder, "slurmctld"), slurmctldOf(folder, 10)),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeFolders(folder: string): Promise<string> {
  const slurm = await readPasswd("slurm");
  if (slurm === undefined) throw new Error("there is no user slurm: install slurmctld");
  for (const name of ["state", "spool", "tmp", "log", "pid"]) {
    await rm(join(folder, name), { recursive: true, force: true });
    await makeTraversableFolder(folder, name);
  }
  await chmod(join(folder, "tmp"), 0o1777);
  const ownedBySlurm = ["state", "pid", "log/ctld", "doorbells"];
  for (const name of ownedBySlurm) await chown(await makeTraversableFolder(folder, name), slurm.uid, slurm.gid);
  for (const name of ["slurmctld.log", "jobcomp.txt"]) {
    await writeFile(join(folder, "log/ctld", name), "");
    await chown(join(folder, "log/ctld", name), slurm.uid, slurm.gid);
  }
  return join(folder, "doorbells");
}

async function writeConf(folder: string, mungeSocket: string, options: SlurmClusterOptions) {
  const [controllerPort = 0, dbdPort = 0, ...ports] = await findFreePorts((options.nodes ?? 2) + 2);
  const accountingPort = options.hasAccounting === true ? dbdPort : undefined;
  // Two clusters on one host need different node names: the cgroup folders are slurm_<node>.
  const prefix = `r${randomInt(36 ** 3, 36 ** 4).toString(36)}n`;
  const nodes = ports.map((port, index) => ({ name: `${prefix}${index + 1}`, port }));
  await Promise.all(nodes.map(async ({ name }) => makeTraversableFolder(folder, "spool", name)));
  const hasCgroup = existsSync("/sys/fs/cgroup/memory") && existsSync("/sys/fs/cgroup/freezer");
  const hostName = hostname().split(".")[0] ?? "localhost";
  const address = await lookup(hostName, 4).catch(() => undefined);
  const epilog = options.epilog === undefined ? undefined : await installEpilog(folder, options.epilog, options);
  const place = { folder, hostName, mungeSocket, isHostLoopback: address?.address.startsWith("127.") ?? false };
  const text = renderSlurmConf({
    ...place,
    accountingPort,
    controllerPort,
    nodes,
    hasCgroup,
    epilog,
    hook: options.hook ?? "EpilogSlurmctld",
    cpusPerNode: options.cpusPerNode ?? 4,
    firstJobId: await countUpJobIds(folder),
    extraConf: options.extraConf,
  });
  await writeFile(join(folder, "cgroup.conf"), renderCgroupConf(hasCgroup));
  await writeFile(join(folder, "slurm.conf"), text);
  return { ...place, port: accountingPort, nodes: nodes.map((node) => node.name), hasCgroup };
}

/** A cluster that starts anew in a folder never gives out a job id again: the target still knows the old ones. */
async function countUpJobIds(folder: string): Promise<number> {
  const path = join(folder, "first-job-id");
  const last = Number(await readFile(path, "utf8").catch(() => "0"));
  await writeFile(path, `${last + 1000}\n`);
  return last + 1000;
}

async function installEpilog(folder: string, program: string, options: SlurmClusterOptions): Promise<string> {
  const at = await makeTraversableFolder(folder, "programs");
  const copy = join(at, "epilog");
  await copyFile(program, copy);
  await chmod(copy, 0o755);
  const wrapper = join(at, "epilog-slurmctld");
  const own = { SLURM_CONF: join(folder, "slurm.conf"), REPX_SPOOL: join(folder, "doorbells") };
  await writeFile(wrapper, renderEpilogWrapper(copy, { ...own, ...options.epilogEnvironment }));
  await chmod(wrapper, 0o755);
  return wrapper;
}

async function startSlurmctld(folder: string, conf: string): Promise<void> {
  const pid = await readPidFile(pidFile(folder, "slurmctld"));
  if (pid !== undefined && (await isAlive(pid, slurmctldOf(folder, 0)))) return;
  await runCommand(["/usr/sbin/slurmctld", "-f", conf]);
  await waitUntil({ what: "slurmctld to answer", timeoutSeconds: 20 }, async () => {
    const ping = await tryCommand(["scontrol", "ping"], { environment: { SLURM_CONF: conf }, timeoutSeconds: 5 });
    return ping.stdout.includes("UP");
  });
}

async function setNodeState(conf: string, node: string, state: "down" | "drain" | "resume"): Promise<void> {
  const environment = { SLURM_CONF: conf };
  const argv = ["scontrol", "update", `nodename=${node}`, `state=${state}`, "reason=test"];
  if (state !== "resume") {
    await runCommand(argv, { environment });
    return;
  }
  let shown = "";
  const isBack = async () => {
    // Refused ("Invalid node state") when ReturnToService=2 was faster; asked again when the node went down once more.
    await tryCommand(argv, { environment });
    shown = (await runCommand(["scontrol", "-o", "show", "node", node], { environment })).stdout;
    return /State=(?:IDLE|MIXED|ALLOCATED)(?:\+CLOUD)? /.test(shown);
  };
  const wait = { what: `${node} to be back`, timeoutSeconds: 20, intervalMs: 200 };
  await withLogs(
    "resume",
    async () => shown,
    async () => waitUntil(wait, isBack),
  );
}

async function waitForNodes(conf: string, nodes: readonly string[]): Promise<void> {
  await waitUntil({ what: `nodes ${nodes.join(", ")} to be idle`, timeoutSeconds: 30 }, async () => {
    const argv = ["sinfo", "-h", "-N", "-p", "compute", "-t", "idle", "-o", "%N"];
    const { stdout } = await tryCommand(argv, { environment: { SLURM_CONF: conf }, timeoutSeconds: 5 });
    return nodes.every((node) => stdout.split("\n").includes(node));
  });
}

/** Ends a cluster's processes, this run's or a killed one's, and removes its cgroups. slurmctld first: it waits 5 s for slurmds that are gone. */
async function endCluster(folder: string, user: ClusterUser): Promise<void> {
  const conf = join(folder, "slurm.conf");
  const pids = await readdir(join(folder, "pid")).catch(() => []);
  await stopByPidFile(pidFile(folder, "slurmctld"), slurmctldOf(folder, 0));
  const steps = (await findMarked("SLURM_CONF", conf)).filter((one) => one.comm === "slurmstepd");
  await killProcesses(steps);
  const slurm = await readPasswd("slurm");
  await endProcessesOf(conf, [user.uid, ...(slurm === undefined ? [] : [slurm.uid])]);
  const nodes = pids.flatMap((name) => /^slurmd\.(.+)\.pid$/.exec(name)?.[1] ?? []);
  const slurmd = { comm: "slurmd", mentions: conf, graceSeconds: 0 };
  await Promise.all(nodes.map(async (node) => stopByPidFile(pidFile(folder, `slurmd.${node}`), slurmd)));
  await stopByPidFile(join(folder, "munge/munged.pid"), { comm: "munged", mentions: folder, graceSeconds: 2 });
  for (const node of nodes) await removeCgroups(`slurm_${node}`);
}

async function removeCgroups(name: string): Promise<void> {
  const folders = CONTROLLERS.map((one) => `/sys/fs/cgroup/${one}/${name}`).filter((path) => existsSync(path));
  if (folders.length > 0) await tryCommand(["find", ...folders, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
}

function pidFile(folder: string, name: string): string {
  return join(folder, "pid", `${name}.pid`);
}

function slurmctldOf(folder: string, graceSeconds: number) {
  return { comm: "slurmctld", mentions: folder, graceSeconds };
}
