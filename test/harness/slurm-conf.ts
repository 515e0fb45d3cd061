/** What slurm.conf is made from; every path is plain (no blanks, no quotes: slurm.conf has no quoting for them). */
export interface SlurmConf {
  readonly folder: string;
  readonly hostName: string;
  /** The host name is 127.x, so the daemons can bind to it instead of to every address. */
  readonly isHostLoopback: boolean;
  readonly mungeSocket: string;
  readonly controllerPort: number;
  readonly nodes: readonly { readonly name: string; readonly port: number }[];
  readonly cpusPerNode: number;
  readonly hasCgroup: boolean;
  readonly firstJobId: number;
  /** Where slurmdbd is to listen; without it there is no accounting. */
  readonly accountingPort?: number | undefined;
  readonly epilog?: string | undefined;
  /** Which of the two hooks calls it. */
  readonly hook: "EpilogSlurmctld" | "jobcomp/script";
  readonly extraConf?: string | undefined;
}

/** The text of slurm.conf for SLURM 22.05 and later, several slurmd on one host, timers short. */
export function renderSlurmConf(conf: SlurmConf): string {
  // Without these two the daemons listen on 0.0.0.0; with them on what the host name resolves to.
  const addresses = conf.isHostLoopback ? ",NoCtldInAddrAny,NoInAddrAny" : "";
  const lines = [
    "ClusterName=repx",
    // Any other name than the host's own and slurmctld refuses to be the controller.
    `SlurmctldHost=${conf.hostName}(127.0.0.1)`,
    `SlurmctldPort=${conf.controllerPort}`,
    "SlurmUser=slurm",
    "SlurmdUser=root",
    "AuthType=auth/munge",
    // A requeued job waits for its credential's end: 120 s by default.
    `AuthInfo=socket=${conf.mungeSocket},ttl=300,cred_expire=5`,
    "CredType=cred/munge",
    `CommunicationParameters=NoAddrCache${addresses}`,
    ...renderFiles(conf.folder),
    ...renderAccounting(conf),
    ...renderTracking(conf.hasCgroup),
    ...SCHEDULING,
    `FirstJobId=${conf.firstJobId}`,
    ...TIMERS,
    `TmpFS=${conf.folder}/tmp`,
    ...renderHook(conf),
    "PrologEpilogTimeout=30",
    ...renderNodes(conf),
    ...(conf.extraConf === undefined ? [] : [conf.extraConf.trimEnd()]),
  ];
  return `${lines.join("\n")}\n`;
}

export interface SlurmdbdConf extends Pick<SlurmConf, "folder" | "hostName" | "isHostLoopback" | "mungeSocket"> {
  readonly port: number;
  readonly database: string;
}

/** The text of slurmdbd.conf: on loopback where the host name is, with a database behind a unix socket. */
export function renderSlurmdbdConf(conf: SlurmdbdConf): string {
  const lines = [
    "AuthType=auth/munge",
    `AuthInfo=socket=${conf.mungeSocket}`,
    `DbdHost=${conf.hostName}`,
    "DbdAddr=127.0.0.1",
    `DbdPort=${conf.port}`,
    ...(conf.isHostLoopback ? ["CommunicationParameters=NoInAddrAny"] : []),
    "SlurmUser=slurm",
    `PidFile=${conf.folder}/pid/slurmdbd.pid`,
    `LogFile=${conf.folder}/log/ctld/slurmdbd.log`,
    "DebugLevel=info",
    "LogTimeFormat=iso8601_ms",
    "StorageType=accounting_storage/mysql",
    "StorageHost=localhost",
    "StorageUser=slurm",
    `StorageLoc=${conf.database}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The text of cgroup.conf: hard memory limits (a real OUT_OF_MEMORY) where cgroup v1 can be used. */
export function renderCgroupConf(hasCgroup: boolean): string {
  const lines = ["CgroupPlugin=cgroup/v1"];
  if (hasCgroup) {
    lines.push("CgroupMountpoint=/sys/fs/cgroup", "CgroupAutomount=no", "ConstrainCores=no", "ConstrainRAMSpace=yes");
    lines.push("AllowedRAMSpace=100", "ConstrainSwapSpace=no", "ConstrainDevices=no");
  }
  return `${lines.join("\n")}\n`;
}

function renderFiles(folder: string): string[] {
  return [
    `SlurmctldPidFile=${folder}/pid/slurmctld.pid`,
    `SlurmdPidFile=${folder}/pid/slurmd.%n.pid`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldLogFile=${folder}/log/ctld/slurmctld.log`,
    `SlurmdLogFile=${folder}/log/slurmd.%n.log`,
    "SlurmctldDebug=info",
    "SlurmdDebug=info",
    "LogTimeFormat=iso8601_ms",
  ];
}

/** The comment is not kept unless a site says so. slurmctld's connection to slurmdbd takes munge's socket from no other line. */
function renderAccounting({ accountingPort, mungeSocket }: SlurmConf): string[] {
  if (accountingPort === undefined) return ["AccountingStorageType=accounting_storage/none"];
  return [
    "AccountingStorageType=accounting_storage/slurmdbd",
    "AccountingStorageHost=127.0.0.1",
    `AccountingStoragePort=${accountingPort}`,
    `AccountingStoragePass=${mungeSocket}`,
    "AccountingStoreFlags=job_comment",
  ];
}

/** A cluster has one job completion plugin: the script, or else a file that shows what ended. */
function renderHook({ folder, epilog, hook }: SlurmConf): string[] {
  if (epilog !== undefined && hook === "jobcomp/script") return ["JobCompType=jobcomp/script", `JobCompLoc=${epilog}`];
  const record = ["JobCompType=jobcomp/filetxt", `JobCompLoc=${folder}/log/ctld/jobcomp.txt`];
  return epilog === undefined ? record : [...record, `EpilogSlurmctld=${epilog}`];
}

function renderTracking(hasCgroup: boolean): string[] {
  const [tracking, task, gather] = hasCgroup ? ["cgroup", "cgroup", "cgroup"] : ["linuxproc", "none", "linux"];
  return [
    `ProctrackType=proctrack/${tracking}`,
    `TaskPlugin=task/${task}`,
    `JobAcctGatherType=jobacct_gather/${gather}`,
    "JobAcctGatherFrequency=task=1",
  ];
}

/** No kill_invalid_depend: many sites lack it, so the product must not lean on it. */
const SCHEDULING = [
  "SchedulerType=sched/backfill",
  "SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,bf_continue,batch_sched_delay=0,default_queue_depth=2000,max_array_tasks=10000,bf_max_job_test=2000",
  "SelectType=select/cons_tres",
  "SelectTypeParameters=CR_Core_Memory",
  "PriorityType=priority/basic",
  "MaxArraySize=10001",
  "MaxJobCount=50000",
  "MinJobAge=300",
  "ReturnToService=2",
  "SwitchType=switch/none",
  "MpiDefault=none",
  "PropagateResourceLimits=NONE",
  // Lets a node claim more CPUs than the machine has.
  "SlurmdParameters=config_overrides",
  "JobRequeue=1",
  "MailProg=/bin/true",
];

const TIMERS = [
  "SlurmctldTimeout=30",
  "SlurmdTimeout=10",
  "InactiveLimit=0",
  "KillWait=2",
  "OverTimeLimit=0",
  "CompleteWait=0",
  "BatchStartTimeout=10",
  "UnkillableStepTimeout=20",
  "MessageTimeout=10",
  "TCPTimeout=2",
  "EpilogMsgTime=1",
  "WaitTime=0",
];

function renderNodes(conf: SlurmConf): string[] {
  const cpus = conf.cpusPerNode;
  const names = conf.nodes.map((node) => node.name).join(",");
  return [
    ...conf.nodes.map(
      ({ name, port }) =>
        `NodeName=${name} NodeHostname=${conf.hostName} NodeAddr=127.0.0.1 Port=${port} CPUs=${cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket=${cpus} ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN`,
    ),
    `PartitionName=compute Nodes=${names} Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=100 OverSubscribe=NO`,
    `PartitionName=short Nodes=${names} Default=NO MaxTime=00:10:00 State=UP DefMemPerCPU=100`,
  ];
}
