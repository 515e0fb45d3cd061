// Jobs that read the Lab's software from the node's own disk, run by real shells, on real file systems, with real bubblewrap.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, cp, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type CommandOutput, runCommand, SYSTEM_PATH, tryCommand } from "../harness/command.ts";
import { type ScratchFolder, startScratchFolder } from "../harness/scratch-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

const BASH = "00000000000000000000000000000000-bash-5.2";
const DATA = "11111111111111111111111111111111-data";
const LINK = "22222222222222222222222222222222-link";
const NAMES = [BASH, DATA, LINK];

let user: ClusterUser;
let scratch: ScratchFolder;
let target: TargetFolder;
let node: string;
let store: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  user = await ensureClusterUser();
});
beforeEach(async () => {
  scratch = await startScratchFolder();
  target = await makeTargetFolder(scratch.path, user);
  node = join(scratch.path, "node local");
  store = join(node, "repx/store");
  await mkdir(node);
  await chown(node, user.uid, user.gid);
  await writeFile(join(target.folder, "node-store"), `${node}\n`);
  await writeSoftware();
});
afterEach(async () => {
  // Of a test that failed.
  for (const { pid, exitCode, signalCode } of started.splice(0)) {
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
  }
  await scratch[Symbol.asyncDispose]();
});

const placeShared = (...names: readonly string[]): string => join(target.base, "artifacts/store", ...names);

/** As Nix leaves it: closed folders, links within the store, a name that is a link itself, a file with two names. */
async function writeSoftware(): Promise<void> {
  await mkdir(placeShared(BASH, "bin"), { recursive: true });
  await cp("/usr/bin/bash-static", placeShared(BASH, "bin/bash"));
  await chmod(placeShared(BASH, "bin/bash"), 0o555);
  await mkdir(placeShared(DATA, "share"), { recursive: true });
  await writeFile(placeShared(DATA, "share/number"), "42\n", { mode: 0o444 });
  await link(placeShared(DATA, "share/number"), placeShared(DATA, "share/again"));
  await symlink(`/nix/store/${DATA}/share/number`, placeShared(DATA, "answer"));
  await symlink(`/nix/store/${DATA}/share`, placeShared(LINK));
  await writeClosure(NAMES);
  await target.giveAway();
  await runCommand(["find", placeShared(), "-exec", "touch", "-h", "-d", "@1", "{}", "+"]);
  for (const folder of [[BASH, "bin"], [BASH], [DATA, "share"], [DATA]]) await chmod(placeShared(...folder), 0o555);
}

async function writeClosure(names: readonly string[]): Promise<void> {
  const list = join(target.base, "artifacts/labs/0123456789abcdef/closure/store-paths");
  await mkdir(dirname(list), { recursive: true });
  await writeFile(list, names.map((name) => `/nix/store/${name}\n`).join(""));
}

const READ = `#!/nix/store/${BASH}/bin/bash\necho "$(</nix/store/${DATA}/answer) $(</nix/store/${LINK}/number)"`;

async function runJob(runtime = "native", environment: Readonly<Record<string, string>> = {}) {
  const table = runtime === "native" ? {} : { runtime: `kind\t${runtime}\nnetwork\toff\n` };
  const { number, ids } = await target.addBatch([{ stage: "read", script: READ, ...table }]);
  const { exitCode } = await target.runJob(number, { REPX_STORE_SPARE_KILOBYTES: "0", ...environment });
  const read = async (name: string) => target.read(ids[0] ?? "", `repx/${name}`);
  return { exitCode, stdout: await read("stdout.log"), stderr: await read("stderr.log") };
}

const FINE = { exitCode: 0, stdout: "42 42\n", stderr: "" };

const sayFallBack = (reason: string): RegExp =>
  new RegExp(`^node-store: ${reason}: the job reads its software from ${placeShared()}\n$`);

interface BringOptions {
  readonly shell?: readonly string[];
  readonly names?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const makeCommand = ({ shell = ["sh"], names = NAMES }: BringOptions): string[] => [
  "sh",
  "-c",
  `printf '/nix/store/%s\\n' ${names.join(" ")} | "$@"`,
  "sh",
  ...shell,
  join(target.programs, "node-store.sh"),
  node,
  placeShared(),
];

async function bring(options: BringOptions = {}): Promise<CommandOutput> {
  const environment = { REPX_STORE_SPARE_KILOBYTES: "0", ...options.environment };
  return tryCommand(makeCommand(options), { user, environment, timeoutSeconds: 60 });
}

function startBringing(environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const [program = "", ...words] = makeCommand({});
  const env = { PATH: SYSTEM_PATH, REPX_STORE_SPARE_KILOBYTES: "0", ...environment };
  const child = spawn(program, words, { uid: user.uid, gid: user.gid, env, stdio: "ignore", detached: true });
  started.push(child);
  return child;
}

/** A folder of programs that come before the system's, with this one in it. */
async function putBefore(name: string, script: string): Promise<Readonly<Record<string, string>>> {
  const bin = join(scratch.path, "before");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:${SYSTEM_PATH}` };
}

async function listHidden(): Promise<string[]> {
  return (await readdir(store)).filter((name) => name.startsWith("."));
}

/** Everything in a folder with its mode, names and time, or of a link with where it leads. */
async function describeTree(folder: string): Promise<string[]> {
  const format = ["-type", "l", "-printf", "%P %l\\n", "-o", "-printf", "%P %y %m %n %Ts\\n"];
  const { stdout } = await runCommand(["find", folder, "-mindepth", "1", ...format]);
  return stdout.split("\n").toSorted();
}

describe.each([
  ["dash", ["/bin/dash"]],
  ["bash as sh", ["/bin/bash", "--posix"]],
  ["busybox", ["/bin/busybox", "sh"]],
])("run by %s", (_, shell) => {
  test("copies have the modes, the links and the times of the store paths", async () => {
    expect(await bring({ shell })).toEqual({ exitCode: 0, stdout: `${store}\n`, stderr: "" });
    expect(await describeTree(store)).toEqual(await describeTree(placeShared()));
    expect((await stat(dirname(store))).mode & 0o777).toBe(0o700);
  });
});

test.each(["native", "bwrap"])("a job that runs %s reads the copy, which is made once", async (runtime) => {
  expect(await runJob(runtime)).toEqual(FINE);
  const { ino } = await stat(join(store, DATA));
  await runCommand(["chmod", "-R", "u+w", placeShared()]);
  await rm(placeShared(), { recursive: true });
  expect(await runJob(runtime)).toEqual(FINE);
  expect((await stat(join(store, DATA))).ino).toBe(ino);
  expect((await readdir(store)).toSorted()).toEqual(NAMES);
});

test("without the wish nothing is put on the node, nor is it for a Lab without a list of its closure", async () => {
  const list = join(target.base, "artifacts/labs/0123456789abcdef/closure/store-paths");
  await rm(list);
  expect(await runJob()).toEqual(FINE);
  await writeClosure(NAMES);
  await rm(join(target.folder, "node-store"));
  expect(await runJob()).toEqual(FINE);
  expect(await readdir(node)).toEqual([]);
});

test("of eight jobs that begin at once one copies each store path, and all read it", async () => {
  const copies = join(scratch.path, "copies");
  await writeFile(copies, "");
  await chmod(copies, 0o666);
  const environment = await putBefore("cp", `echo "\${2##*/}" >>${copies}\nexec /bin/cp "$@"`);
  const outputs = await Promise.all(Array.from({ length: 8 }, async () => bring({ environment })));
  expect(outputs).toEqual(outputs.map(() => ({ exitCode: 0, stdout: `${store}\n`, stderr: "" })));
  expect((await readFile(copies, "utf8")).trim().split("\n").toSorted()).toEqual(NAMES);
  expect(await listHidden()).toEqual([]);
});

test("a job copies the rest while another one copies a store path, and then waits for that one alone", async () => {
  await bring({ names: [] });
  // Held by a process of the same user that lives.
  const holder = spawn("sleep", ["600"], { uid: user.uid, gid: user.gid, stdio: "ignore" });
  try {
    await symlink(String(holder.pid), join(store, `.lock.${BASH.slice(0, 32)}.${hostname()}`));
    const child = startBringing();
    const ended = once(child, "exit");
    await waitUntil({ what: "the rest to be there", timeoutSeconds: 30 }, async () => existsSync(join(store, DATA)));
    expect([existsSync(join(store, BASH)), child.exitCode]).toEqual([false, null]);
    holder.kill();
    expect(await ended).toEqual([0, null]);
    expect((await readdir(store)).toSorted()).toEqual(NAMES);
  } finally {
    holder.kill();
  }
});

describe("a job that ends while it copies", () => {
  let child: ChildProcess;
  let ended: Promise<unknown>;

  beforeEach(async () => {
    const reached = join(target.base, "reached");
    const half = 'mkdir "$3" && echo half >"$3/bash" && chmod 555 "$3"';
    child = startBringing(await putBefore("cp", `${half} && touch ${reached} && sleep 60`));
    ended = once(child, "exit");
    await waitUntil({ what: "a copy to be half done", timeoutSeconds: 30 }, async () => existsSync(reached));
  });

  test("by a KILL leaves a lock and a draft, which the next one takes over", async () => {
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    expect(await listHidden()).toHaveLength(2);
    expect(existsSync(join(store, BASH))).toBe(false);
    expect(await runJob()).toEqual(FINE);
    expect(await listHidden()).toEqual([]);
  });

  test("by a TERM leaves nothing", async () => {
    process.kill(-(child.pid ?? 0), "SIGTERM");
    await ended;
    await waitUntil({ what: "nothing to be left", timeoutSeconds: 10 }, async () => (await listHidden()).length === 0);
    expect(await readdir(store)).toEqual([]);
  });
});

async function mountNode(options: string): Promise<AsyncDisposable> {
  await runCommand(["mount", "-t", "tmpfs", "-o", `${options},uid=${user.uid},mode=0700`, "repx-test", node]);
  return {
    [Symbol.asyncDispose]: async () => {
      await runCommand(["umount", node]);
    },
  };
}

test("where the node has no room the job reads the shared store, and its log says so", async () => {
  await using _ = await mountNode("size=1m");
  const { stderr, ...rest } = await runJob();
  expect(rest).toEqual({ exitCode: 0, stdout: FINE.stdout });
  expect(stderr).toMatch(sayFallBack(`there is no room for ${BASH} in .*`));
  expect(await listHidden()).toEqual([]);
});

test.each(["native", "bwrap"])(
  "a disk that fills up meanwhile is no failure of a job that runs %s",
  async (runtime) => {
    await using _ = await mountNode("size=1m");
    const { stderr, ...rest } = await runJob(runtime, { REPX_STORE_SPARE_KILOBYTES: "-100000" });
    expect(rest).toEqual({ exitCode: 0, stdout: FINE.stdout });
    expect(stderr).toMatch(sayFallBack(`${BASH} cannot be copied to .*No space left on device\\)`));
    expect(await readdir(store)).toEqual([]);
  },
);

test("where nothing may be run on the node's disk the job reads the shared store, and its log says so", async () => {
  await using _ = await mountNode("size=64m,noexec");
  const { stderr, ...rest } = await runJob();
  expect(rest).toEqual({ exitCode: 0, stdout: FINE.stdout });
  expect(stderr).toMatch(sayFallBack("no program can be written and run in .*"));
  expect(await readdir(store)).toEqual([]);
});

test.each([
  ["a folder that is not ours to write", async () => chown(node, 0, 0)],
  ["no folder", async () => rm(node, { recursive: true })],
  [
    "others' folders by our names",
    async () => {
      for (const name of ["repx", `repx-${user.uid}`]) await mkdir(join(node, name, "store"), { recursive: true });
      await runCommand(["chmod", "-R", "777", join(node, "repx"), join(node, `repx-${user.uid}`)]);
    },
  ],
])("on a node with %s the job reads the shared store, and its log says so", async (_, arrange) => {
  await arrange();
  const { stderr, ...rest } = await runJob();
  expect(rest).toEqual({ exitCode: 0, stdout: FINE.stdout });
  expect(stderr).toMatch(sayFallBack(`${node} has no folder on .* that is ours to write`));
});

test("a store path that is nowhere ends the job with 127, which names it", async () => {
  const absent = "33333333333333333333333333333333-absent";
  await writeClosure([...NAMES, absent]);
  const { exitCode, stderr } = await runJob();
  expect(exitCode).toBe(127);
  expect(stderr).toMatch(new RegExp(`^repx-job: /nix/store/${absent} is neither on .*: submit again, .*\n$`));
});

test("what the node's own /nix/store has is not copied", async () => {
  await mkdir("/nix/store", { recursive: true });
  const { number, ids } = await target.addBatch([{ stage: "own", script: READ }]);
  const inside = 'mount --bind "$1" /nix/store && shift && exec setpriv --reuid "$0" --clear-groups "$@"';
  const job = [join(target.programs, "repx-job"), target.base, target.submission, String(number)];
  await runCommand(["unshare", "--mount", "sh", "-c", inside, String(user.uid), placeShared(), ...job]);
  expect(await target.read(ids[0] ?? "", "repx/stdout.log")).toBe(FINE.stdout);
  expect(await readdir(node)).toEqual([]);
});
