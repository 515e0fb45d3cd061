import { describe, expect, test } from "vitest";
import { CHECK_NAMES, type Check, type CheckName } from "./check.ts";
import type { Code } from "../model/errors.ts";
import type { DoctorFacts, Failure } from "./facts.ts";
import { judgeTarget } from "./judge.ts";

const TOOLS =
  `cat chmod cut date dd df head id ln mkdir mv readlink rm sha256sum sleep sort stat tail tar touch tr uname wc
  zstd openssl timeout mkfifo nproc awk curl find grep nohup sed setsid xargs env sbatch squeue scancel scontrol sinfo`.split(
    /\s+/,
  );

/** What a target says that has all. */
const GOOD: Readonly<Record<string, readonly string[]>> = {
  time: ["1000"],
  user: ["ada"],
  shell: ["/bin/bash"],
  prints: [""],
  "base-at": ["/scratch/ada"],
  writable: [""],
  links: [""],
  executable: [""],
  space: ["/dev/sda1 1000000000 400000000 600000000 40% /scratch"],
  files: ["/dev/sda1 50000000 1000000 49000000 2% /scratch"],
  has: TOOLS,
  tar: ["tar (GNU tar) 1.34"],
  namespaces: [""],
  "slurm-version": ["slurm-wlm 22.05.8"],
  "slurm-MaxArraySize": ["10001"],
  "slurm-EpilogSlurmctld": ["/etc/slurm/repx-epilog"],
  "epilog-spool": ["/var/spool/repx"],
  "slurm-AccountingStorageType": ["accounting_storage/slurmdbd"],
  partition: ["main* up 3", "long up 2"],
  coordinator: ["200"],
};

type FactsChange = { readonly [Key in keyof DoctorFacts]?: DoctorFacts[Key] | undefined };

interface Change {
  readonly findings?: Readonly<Record<string, readonly string[] | undefined>>;
  /** What is undefined was not found out. */
  readonly facts?: FactsChange;
  readonly clock?: { readonly earliest: number; readonly latest: number };
}

const CONFIG = {
  source: "c.toml",
  name: "cluster",
  basePath: "/scratch/ada",
  scheduler: "slurm",
  isRemote: true,
} as const;

function makeFacts({ findings = {}, facts = {}, clock = { earliest: 999, latest: 1001 } }: Change = {}): DoctorFacts {
  const entries = Object.entries({ ...GOOD, ...findings }).flatMap(([key, values]) =>
    values === undefined ? [] : [[key, values] as const],
  );
  const { config, route, connection, look, coordinator }: FactsChange = {
    config: { found: CONFIG },
    route: { found: ["ada@login:22"] },
    connection: { found: { seconds: 0.2 } },
    look: { found: { findings: new Map(entries), clock } },
    coordinator: { origin: "https://repx.example.org", here: { found: 200 } },
    ...facts,
  };
  return {
    config: config ?? { found: CONFIG },
    ...(route && { route }),
    ...(connection && { connection }),
    ...(look && { look }),
    ...(coordinator && { coordinator }),
  };
}

function judge(name: CheckName, change: Change): Check {
  const check = judgeTarget(makeFacts(change)).find((one) => one.name === name);
  if (check === undefined) throw new Error(`there is no check ${name}`);
  return check;
}

function tellStatuses(facts: DoctorFacts): Record<string, string> {
  return Object.fromEntries(judgeTarget(facts).map(({ name, status }) => [name, status]));
}

test("a target that has all passes every check, in order", () => {
  const checks = judgeTarget(makeFacts());
  expect(checks.map(({ name }) => name)).toEqual(CHECK_NAMES);
  expect(checks.filter(({ status }) => status !== "ok")).toEqual([]);
});

test("whatever is wrong says what to do next, and nothing else does", () => {
  const worst = judgeTarget(
    makeFacts({ findings: Object.fromEntries(Object.keys(GOOD).map((key) => [key, undefined])) }),
  );
  for (const { status, next } of [...worst, ...judgeTarget(makeFacts())]) {
    expect(next !== undefined).toBe(status === "failed" || status === "warning");
  }
});

test.each<[string, CheckName, Change, string, RegExp]>([
  ["a shell that prints", "login shell", { findings: { prints: ["Welcome!"] } }, "warning", /prints "Welcome!"/],
  [
    "a base path of another user",
    "base path",
    { findings: { writable: undefined, unwritable: ["mkdir: cannot create: Permission denied"] } },
    "failed",
    /ada cannot write to \/scratch\/ada: cannot create: Permission denied/,
  ],
  [
    "a base path that is a file",
    "base path",
    { findings: { "base-file": ["/scratch/ada"] } },
    "failed",
    /is not a folder/,
  ],
  [
    "a base path that is not there yet",
    "base path",
    { findings: { "base-at": ["/scratch"] } },
    "ok",
    /will be made in \/scratch$/,
  ],
  [
    "a base path behind a link",
    "base path",
    { findings: { "base-link": ["/lustre/ada"] } },
    "ok",
    /a link to \/lustre\/ada/,
  ],
  [
    "a folder in it that is closed",
    "base path",
    { findings: { closed: ["outputs"] } },
    "failed",
    /write to outputs in/,
  ],
  [
    "a file system without execution",
    "base path",
    { findings: { executable: undefined } },
    "failed",
    /cannot be executed/,
  ],
  ["little room", "space", { findings: { space: ["/dev/x 9 1 500000 99% /"] } }, "warning", /512 MB free/],
  ["no room", "space", { findings: { space: ["/dev/x 9 1 0 100% /"] } }, "failed", /^0 B free/],
  ["no inodes", "space", { findings: { files: ["/dev/x 100 100 0 100% /"] } }, "failed", /0 more files/],
  [
    "a file system that counts no inodes",
    "space",
    { findings: { files: ["/dev/x 0 0 0 - /"] } },
    "ok",
    /^614 GB free$/,
  ],
  [
    "a name of a file system with blanks",
    "space",
    { findings: { space: ["//nas/my share 2000000 0 2000000 0% /mnt"] } },
    "ok",
    /^2\.05 GB free/,
  ],
  [
    "a used-up quota",
    "space",
    { findings: { quota: ["500* 400 600 6days 10 0 0"] } },
    "failed",
    /^614 GB free, 49,000,000 more files, 0 B and any number of files left of the quota$/,
  ],
  [
    "a quota of files",
    "space",
    { findings: { quota: ["500 0 0 0 10 100 200"] } },
    "warning",
    /^614 GB free, 49,000,000 more files, any size and 90 files left of the quota$/,
  ],
  [
    "a quota without limits",
    "space",
    { findings: { quota: ["500 0 0 0 10 0 0"] } },
    "ok",
    /^614 GB free, 49,000,000 more files$/,
  ],
  ["a target that cannot tell its room", "space", { findings: { space: [""], files: [""] } }, "skipped", /cannot tell/],
  [
    "tar not there",
    "tools",
    { findings: { has: TOOLS.filter((one) => one !== "tar") } },
    "failed",
    /not on the PATH: tar$/,
  ],
  [
    "tar among the host tools",
    "tools",
    { findings: { has: TOOLS.filter((one) => one !== "tar"), deployed: ["tar"] } },
    "ok",
    /all there/,
  ],
  ["no zstd", "tools", { findings: { has: TOOLS.filter((one) => one !== "zstd") } }, "warning", /without zstd$/],
  [
    "no hard links",
    "hard links",
    { findings: { links: undefined, "no-links": ["ln: failed: Operation not permitted"] } },
    "warning",
    /failed: Operation not permitted$/,
  ],
  ["a clock of whole seconds", "clock", { clock: { earliest: 1000.2, latest: 1000.4 } }, "ok", /agrees/],
  ["a clock a little off", "clock", { clock: { earliest: 980, latest: 981 } }, "ok", /differs by 19 s/],
  ["a clock that is behind", "clock", { clock: { earliest: 1101, latest: 1102 } }, "warning", /100 s behind/],
  ["a clock that is ahead", "clock", { clock: { earliest: 899, latest: 900 } }, "warning", /100 s ahead of/],
  ["a slow answer", "clock", { clock: { earliest: 900, latest: 1100 } }, "ok", /agrees/],
  ["a target without a clock", "clock", { findings: { time: [""] } }, "skipped", /cannot tell/],
  [
    "no SLURM",
    "scheduler",
    { findings: { has: TOOLS.filter((one) => one !== "sbatch") } },
    "failed",
    /not on the PATH: sbatch/,
  ],
  [
    "a controller that is down",
    "scheduler",
    { findings: { "slurm-version": [""], "slurm-silent": ["Unable to contact slurm controller"] } },
    "failed",
    /^SLURM does not answer: Unable/,
  ],
  [
    "no default partition",
    "scheduler",
    { findings: { partition: ["long up 2"] } },
    "warning",
    /no partition is the default/,
  ],
  [
    "no accounting",
    "scheduler",
    { findings: { "slurm-AccountingStorageType": ["accounting_storage/none"] } },
    "ok",
    /partitions main \(default\), long; no accounting$/,
  ],
  [
    "small arrays",
    "arrays",
    { findings: { "slurm-MaxArraySize": ["1000"] } },
    "warning",
    /is 1000; batches have up to 1000/,
  ],
  ["arrays that are just large enough", "arrays", { findings: { "slurm-MaxArraySize": ["1001"] } }, "ok", /is 1001$/],
  ["no namespaces", "namespaces", { findings: { namespaces: undefined } }, "warning", /no \/nix\/store/],
  [
    "no namespaces and a Nix store",
    "namespaces",
    { findings: { namespaces: undefined, "nix-store": [""] } },
    "ok",
    /there is a \/nix\/store/,
  ],
  ["a spool out of reach", "epilog", { findings: { "epilog-spool": undefined } }, "warning", /cannot be read here$/],
  ["no epilog", "epilog", { findings: { "slurm-EpilogSlurmctld": ["(null)"] } }, "warning", /none of ours/],
  [
    "another epilog",
    "epilog",
    { findings: { "slurm-EpilogSlurmctld": ["/etc/site"] } },
    "warning",
    /\/etc\/site may call it/,
  ],
  [
    "an epilog of newer SLURM's form",
    "epilog",
    { findings: { "slurm-EpilogSlurmctld": undefined, "slurm-EpilogSlurmctld[0]": ["/x/repx-epilog"] } },
    "ok",
    /^\/x\/repx-epilog$/,
  ],
  [
    "our epilog as completion script",
    "epilog",
    {
      findings: {
        "slurm-EpilogSlurmctld": ["(null)"],
        "slurm-JobCompType": ["jobcomp/script"],
        "slurm-JobCompLoc": ["/x/repx-epilog"],
      },
    },
    "ok",
    /repx-epilog$/,
  ],
  [
    "a relay that was killed",
    "relay",
    { findings: { "relay-dead": ["s1"], "relay-alive": ["s2"] } },
    "warning",
    /s1 was killed/,
  ],
  [
    "relays that run",
    "relay",
    { findings: { "relay-alive": ["s2"], "relay-elsewhere": ["s3 login2"] } },
    "ok",
    /^2 run, 1 of them on another/,
  ],
  [
    "a coordinator that the target cannot reach",
    "coordinator",
    { findings: { coordinator: ["curl: (6) Could not resolve host"] } },
    "failed",
    /not to the target: curl/,
  ],
  [
    "a coordinator that is something else",
    "coordinator",
    { facts: { coordinator: { origin: "https://x", here: { found: 404 } } } },
    "failed",
    /answers 404 here/,
  ],
  ["no coordinator", "coordinator", { facts: { coordinator: undefined } }, "skipped", /--coordinator/],
])("%s", (_, name, change, status, message) => {
  const check = judge(name, change);
  expect([check.status, check.message]).toEqual([status, expect.stringMatching(message)]);
});

function failure(code: Code): { failure: Failure } {
  return { failure: { code, message: "it is so", hint: "Do this." } };
}

test.each([
  ["/scratch/ada/repx", "ada", "/scratch/ada/repx"],
  ["/scratch/a b;$(id)", "DOM\\\\ada", "'/scratch/a b;$(id)'"],
])("commands to copy hold the base path %s as one word", (basePath, user, word) => {
  const look = (findings: Readonly<Record<string, readonly string[] | undefined>>): string[] => {
    const facts = makeFacts({ findings, facts: { config: { found: { ...CONFIG, basePath } } } });
    return judgeTarget(facts).flatMap(({ next }) => next ?? []);
  };
  const owner = user === "ada" ? user : `'${user}'`;
  expect(look({ user: [user], writable: undefined, unwritable: [""] })[0]).toContain(
    `\`install -d -o ${owner} ${word}\``,
  );
  expect(look({ user: [user], closed: ["bin"] })[0]).toContain(
    `\`chown -R ${owner} ${word.replace(/'?$/, "/bin$&")}\``,
  );
  expect(look({ space: ["/dev/x 9 1 0 100% /"] })[0]).toContain(`\`df -h ${word}\`, \`df -i ${word}\``);
  const relay = look({ "relay-dead": ["$(reboot)", "a b", "s1"] })[0];
  expect(relay).toContain(`"$(cat ${word.replace(/'?$/, "/submissions/s1/programs$&")})/repx-relay" ${word} s1 <`);
});

describe("what cannot be checked after a failure says why", () => {
  const broken: [string, FactsChange, CheckName][] = [
    ["a config file that is wrong", { config: failure("CONFIG_INVALID"), route: undefined }, "config"],
    ["an ssh_config that is wrong", { route: failure("CONFIG_INVALID"), connection: undefined }, "route"],
    ["a host that does not answer", { connection: failure("SSH_UNREACHABLE") }, "connection"],
    ["an unknown host key", { connection: failure("SSH_HOST_KEY_UNKNOWN") }, "host key"],
    ["nobody to ask about a host key", { connection: failure("INPUT_INVALID") }, "host key"],
    ["a changed host key", { connection: failure("SSH_HOST_KEY_MISMATCH") }, "host key"],
    ["a key that is refused", { connection: failure("SSH_KEY_REFUSED") }, "login key"],
    ["a key that cannot be used", { connection: failure("SSH_KEY_INVALID") }, "login key"],
    ["a base path that hangs", { look: failure("SYNC_BASE_PATH_NOT_WRITABLE") }, "base path"],
    ["a login shell that ends", { look: failure("SSH_LOGIN_SHELL_FAILED") }, "login shell"],
  ];
  test.each(broken)("%s", (_, change, name) => {
    const checks = judgeTarget(makeFacts({ facts: { look: undefined, ...change } }));
    const failed = checks.filter(({ status }) => status === "failed");
    expect(failed.map((one) => one.name)).toEqual([name]);
    expect(failed[0]).toMatchObject({ next: "Do this.", message: expect.stringMatching(/^it is so \([A-Z_]+\)$/) });
    const later = checks.slice(CHECK_NAMES.indexOf(name) + 1).filter((one) => one.name !== "coordinator");
    for (const check of later) expect(check).toMatchObject({ status: "skipped", message: `needs "${name}"` });
  });
});

test("on this machine there is no way to check, and a local scheduler needs none of SLURM", () => {
  const found = {
    source: "c.toml",
    name: "here",
    basePath: "/scratch/ada",
    scheduler: "local",
    isRemote: false,
  } as const;
  const statuses = tellStatuses(makeFacts({ facts: { config: { found } } }));
  const skipped = Object.keys(statuses).filter((name) => statuses[name] === "skipped");
  expect(skipped).toEqual([
    "route",
    "connection",
    "host key",
    "login key",
    "login shell",
    "scheduler",
    "arrays",
    "epilog",
  ]);
});

test("a base path that cannot be written leaves room and links unchecked", () => {
  const statuses = tellStatuses(makeFacts({ findings: { writable: undefined } }));
  expect([statuses["base path"], statuses["space"], statuses["hard links"], statuses["tools"]]).toEqual([
    "failed",
    "skipped",
    "skipped",
    "ok",
  ]);
});
