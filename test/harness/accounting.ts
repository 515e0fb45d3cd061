import { chmod, chown, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readPasswd } from "./cluster-user.ts";
import { runCommand, tryCommand } from "./command.ts";
import { sendSignal, startDaemon, stopByPidFile } from "./process.ts";
import { renderSlurmdbdConf } from "./slurm-conf.ts";
import { makeTraversableFolder } from "./traversable-folder.ts";
import { waitUntil } from "./wait-until.ts";

const DATABASE = "slurm_acct_db";

/** A cluster's slurmdbd, and the MariaDB below it. */
export interface Accounting {
  /** At once: sacct fails, and slurmctld keeps what it has to tell. */
  killDaemon(): Promise<void>;
  startDaemon(): Promise<void>;
  /** The database hangs: slurmdbd takes calls and answers none, until `resume`. */
  freeze(): Promise<void>;
  resume(): Promise<void>;
  /** One SQL statement on slurmdbd's own tables; the rows, their columns apart by tabs. */
  query(sql: string): Promise<string>;
}

export interface AccountingOptions {
  /** The cluster's folder, in which slurm.conf lies already. */
  readonly folder: string;
  readonly hostName: string;
  readonly isHostLoopback: boolean;
  readonly mungeSocket: string;
  readonly port: number;
}

/**
 * Starts an empty database that only slurm and root can reach (a unix socket in a closed folder) and slurmdbd on loopback.
 * The processes are marked with SLURM_CONF, by which whoever ends the cluster finds them.
 */
export async function startAccounting(options: AccountingOptions): Promise<Accounting> {
  const { folder } = options;
  const environment = { SLURM_CONF: join(folder, "slurm.conf") };
  const socket = await startDatabase(folder, environment);
  const query = async (sql: string, database = DATABASE) =>
    (await runCommand(["mariadb", "--no-defaults", "-uroot", "-NB", "-S", socket, database, "-e", sql])).stdout;
  await waitUntil({ what: "MariaDB to answer", timeoutSeconds: 20 }, async () =>
    query("SELECT 1", "").catch(() => undefined),
  );
  await query(`CREATE DATABASE ${DATABASE}`, "");
  await writeSlurmdbdConf(options);
  const pidFile = join(folder, "pid/slurmdbd.pid");
  const startSlurmdbd = async () => {
    // libmariadb takes the socket of the host `localhost` from there.
    await runCommand(["/usr/sbin/slurmdbd"], { environment: { ...environment, MYSQL_UNIX_PORT: socket } });
    await waitUntil({ what: "slurmdbd to answer", timeoutSeconds: 20 }, async () => {
      const listed = await tryCommand(["sacctmgr", "-n", "list", "cluster"], { environment, timeoutSeconds: 5 });
      return listed.exitCode === 0;
    });
  };
  await startSlurmdbd();
  await runCommand(["sacctmgr", "-i", "-Q", "add", "cluster", "repx"], { environment });
  const signalDatabase = async (signal: NodeJS.Signals) =>
    sendSignal(Number(await readFile(databasePidFile(folder), "utf8")), signal);
  return {
    query,
    startDaemon: startSlurmdbd,
    killDaemon: async () => stopByPidFile(pidFile, { comm: "slurmdbd", graceSeconds: 0 }),
    freeze: async () => signalDatabase("SIGSTOP"),
    resume: async () => signalDatabase("SIGCONT"),
  };
}

function databasePidFile(folder: string): string {
  return join(folder, "pid/mariadbd.pid");
}

async function startDatabase(folder: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const at = join(folder, "db");
  await rm(at, { recursive: true, force: true });
  const data = await makeTraversableFolder(at, "data");
  const slurm = await readPasswd("slurm");
  if (slurm === undefined) throw new Error("there is no user slurm: install slurmctld");
  for (const path of [at, data]) {
    await chown(path, slurm.uid, slurm.gid);
    await chmod(path, 0o700);
  }
  const socket = join(at, "s.sock");
  await startDaemon({
    // Without tables of users it starts in a fifth of a second, and nobody else gets at the socket.
    argv: [
      "/usr/sbin/mariadbd",
      "--no-defaults",
      "--user=slurm",
      `--datadir=${data}`,
      `--socket=${socket}`,
      "--skip-networking",
      "--skip-grant-tables",
      "--innodb-buffer-pool-size=32M",
      "--innodb-log-file-size=4M",
      "--innodb-flush-log-at-trx-commit=0",
    ],
    logFile: join(folder, "log/mariadb.log"),
    pidFile: databasePidFile(folder),
    folder: at,
    environment,
  });
  return socket;
}

async function writeSlurmdbdConf({ folder, ...options }: AccountingOptions): Promise<void> {
  const slurm = await readPasswd("slurm");
  const path = join(folder, "slurmdbd.conf");
  await writeFile(path, renderSlurmdbdConf({ folder, database: DATABASE, ...options }), { mode: 0o600 });
  // slurmdbd refuses a file that others may read, or that is not its own.
  await chmod(path, 0o600);
  await chown(path, slurm?.uid ?? 0, slurm?.gid ?? 0);
}
