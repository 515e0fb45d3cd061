// What may go wrong while a Lab is sent. After each fault nothing half written is to be seen, and a retry completes.
import { chown, mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { openPacker, type Packer } from "../../packages/core/src/sync/pack/packer.ts";
import type { PushItem } from "../../packages/core/src/sync/push/push-item.ts";
import { ensureClusterUser, type ClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { startNetworkLine, type NetworkLine } from "../harness/network-line.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import {
  describeStorePath,
  pushHere,
  startPush,
  writeFaultyTree,
  type PushEnd,
  type PushOrder,
} from "./faulty-push.ts";

/** How often the connection is cut. */
const CUTS = 100;
const SEED = 20;

let scratch: Awaited<ReturnType<typeof startScratchFolder>>;
let user: ClusterUser;
let server: SshServer;
let items: PushItem[];
let wanted: Map<string, string>;
let bases = 0;
let packer: Packer;

beforeAll(async () => {
  // In memory: a hundred pushes of 35 MB each.
  scratch = await startScratchFolder("/dev/shm");
  user = await ensureClusterUser();
  server = await startSshServer({ folder: join(scratch.path, "sshd"), user });
  await mkdir(join(scratch.path, "lab"));
  items = await writeFaultyTree(join(scratch.path, "lab"));
  packer = openPacker();
  wanted = new Map();
  for (const { source } of items) wanted.set(basename(source), await describeStorePath(source));
});

afterAll(async () => {
  await packer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** A folder of the user's own. */
async function makeBase(): Promise<string> {
  const base = await makeTraversableFolder(scratch.path, `base-${++bases}`);
  await chown(base, user.uid, user.gid);
  return base;
}

function order(basePath: string, change: { port?: number; items?: readonly PushItem[] } = {}): PushOrder {
  const { host, privateKey, knownHosts } = server;
  const port = change.port ?? server.port;
  return {
    address: { user: user.name, host, port },
    privateKey,
    knownHosts: knownHosts.replace(/:[0-9]+ /, `:${port} `),
    basePath,
    items: (change.items ?? items).map(({ source, destination }) => ({ source, destination })),
  };
}

/** What is to be seen under `artifacts/store`: every path there must be whole. */
async function expectWhole(base: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    expect(await describeStorePath(join(base, "artifacts/store", name)), name).toBe(wanted.get(name));
  }
}

async function listStore(base: string): Promise<string[]> {
  return readdir(join(base, "artifacts/store")).catch(() => []);
}

async function expectRetryCompletes(base: string): Promise<PushEnd> {
  await expectWhole(base, await listStore(base));
  const end = await pushHere(order(base), { packer });
  expect(end).toMatchObject({ sentBytes: expect.any(Number) });
  expect(new Set(await listStore(base))).toEqual(new Set(wanted.keys()));
  await expectWhole(base, [...wanted.keys()]);
  return end;
}

/** Pseudo-random numbers from 0 to 1 (mulberry32), so that a failure can be repeated. */
function startChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function measureBytesUp(): Promise<number> {
  const base = await makeBase();
  await using line = await startNetworkLine({ port: server.port });
  expect(await pushHere(order(base, { port: line.port }), { packer })).toMatchObject({ resumedBytes: 0 });
  await rm(base, { recursive: true });
  return line.bytesUp;
}

test(`a push whose connection is cut at any of ${CUTS} random points completes`, { timeout: 900_000 }, async () => {
  const bytesUp = await measureBytesUp();
  const chance = startChance(SEED);
  let cuts = 0;
  for (let round = 0; round < CUTS; round += 1) {
    const cutAfterBytes = Math.floor(chance() * bytesUp);
    const base = await makeBase();
    await using line: NetworkLine = await startNetworkLine({ port: server.port, cutAfterBytes });
    const end = await pushHere(order(base, { port: line.port }), { packer });
    const code = "code" in end ? end.code : "none";
    expect(code, `cut after ${cutAfterBytes} bytes`).toMatch(/^(none|SSH_CONNECTION_LOST|SSH_UNREACHABLE)$/);
    if (code !== "none") cuts += 1;
    await expectRetryCompletes(base);
    await chmodAll(base);
    await rm(base, { recursive: true });
  }
  expect(cuts).toBeGreaterThan(CUTS / 2);
});

async function chmodAll(folder: string): Promise<void> {
  await runCommand(["chmod", "-R", "u+w", folder]);
}

test.each([0.2, 0.6, 0.9])(
  "I-43: a push that is killed with SIGKILL after %f of its bytes is resumed",
  async (part) => {
    const base = await makeBase();
    // Slow enough to be still at work then.
    await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 20_000_000 });
    const push = startPush(order(base, { port: line.port }));
    await push.reach(part * 36_000_000);
    push.child.kill("SIGKILL");
    expect(await push.ended).toBeUndefined();
    // Publishing may have begun: what is there is whole.
    const isBegun = (await listStore(base)).length > 0;
    const retried = RetriedPush.parse(await expectRetryCompletes(base));
    expect(retried.resumedBytes > 0 || part < 0.5 || isBegun).toBe(true);
    expect(await readdir(join(base, "artifacts/.staging"))).toEqual([]);
  },
);

const RetriedPush = z.object({ sentBytes: z.number(), resumedBytes: z.number() });

/** Mounts a file system in memory of this size, the user's own. */
async function startDisk(
  size: string,
): Promise<AsyncDisposable & { path: string; remount(options: string): Promise<void> }> {
  const path = await makeTraversableFolder(scratch.path, `disk-${++bases}`);
  const options = `size=${size},mode=755,uid=${user.uid}`;
  await runCommand(["mount", "-t", "tmpfs", "-o", options, "repx-test", path]);
  return {
    path,
    remount: async (change) => void (await runCommand(["mount", "-o", `remount,${change}`, path])),
    [Symbol.asyncDispose]: async () => void (await tryCommand(["umount", "-l", path])),
  };
}

test("a disk that is too small is refused before anything is sent", async () => {
  await using disk = await startDisk("20m");
  const end = await pushHere(order(disk.path), { packer });
  expect(end).toMatchObject({ code: "SYNC_NO_SPACE", message: expect.stringContaining(disk.path) });
  expect(await listStore(disk.path)).toEqual([]);
  await disk.remount("size=200m");
  await expectRetryCompletes(disk.path);
});

test("a disk that fills up in the middle leaves the target as it was, and a retry completes when there is room", async () => {
  await using disk = await startDisk("60m");
  const push = startPush(order(disk.path));
  await push.reach(1_000_000);
  const filler = join(disk.path, "another's");
  await tryCommand(["dd", "if=/dev/zero", `of=${filler}`, "bs=1M"]);
  const end = await push.ended;
  expect(end).toMatchObject({ code: "SYNC_NO_SPACE" });
  expect(await listStore(disk.path)).toEqual([]);
  expect(await readdir(join(disk.path, "artifacts/.staging"))).toEqual([]);
  await rm(filler);
  await expectRetryCompletes(disk.path);
});

test("a base path on a read-only file system is refused, and used when it can be written", async () => {
  await using disk = await startDisk("200m");
  await disk.remount("ro");
  expect(await pushHere(order(disk.path), { packer })).toMatchObject({
    code: "SYNC_BASE_PATH_NOT_WRITABLE",
    message: expect.stringContaining("Read-only file system"),
  });
  await disk.remount("rw");
  await expectRetryCompletes(disk.path);
});

test.each(["artifacts/store", "artifacts/.staging"])(
  "a permission that is taken away from %s in the middle is told, and given back completes",
  async (folder) => {
    const base = await makeBase();
    await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 20_000_000 });
    const push = startPush(order(base, { port: line.port }));
    await push.reach(1_000_000);
    // Of the staging folder's own content nothing may be written any more either.
    for (const path of await listBelow(join(base, folder))) await chown(path, 0, 0);
    const end = await push.ended;
    await runCommand(["chown", "-R", user.name, join(base, folder)]);
    const code = "SYNC_BASE_PATH_NOT_WRITABLE";
    expect(end).toMatchObject({ code, message: expect.stringContaining("Permission denied") });
    await expectRetryCompletes(base);
  },
);

/** A folder and the folders in it. */
async function listBelow(folder: string): Promise<string[]> {
  return (await runCommand(["find", folder, "-type", "d"])).stdout.trim().split("\n");
}

test.each(["2001-01-01", "2099-01-01"])(
  "a push goes on when the target's clock says %s: its staging folder is not taken for an old one",
  async (date) => {
    const base = await makeBase();
    // Slow enough for another push to come and go meanwhile.
    await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 12_000_000 });
    const slow = startPush(order(base, { port: line.port }));
    await slow.reach(1_000_000);
    const staging = join(base, "artifacts/.staging");
    for (const name of await readdir(staging)) await utimes(join(staging, name), new Date(date), new Date(date));
    const other = await writeOther("clock");
    expect(await pushHere(order(base, { items: [other] }), { packer })).toMatchObject({ resumedBytes: 0 });
    expect(await slow.ended).toMatchObject({ sentBytes: expect.any(Number) });
    await expectWhole(base, [...wanted.keys()]);
  },
);

test("I-43: a push needs less than 300 MB of memory for more than 300 MB of data that do not compress", async () => {
  const source = join(scratch.path, "lab", `${"d".repeat(32)}-large`);
  await mkdir(source);
  await runCommand(["dd", "if=/dev/urandom", `of=${source}/data`, "bs=1M", "count=320", "status=none"]);
  const base = await makeBase();
  const item = { source, destination: `artifacts/store/${basename(source)}` };
  const push = startPush(order(base, { items: [item] }));
  let highest = 0;
  const look = async () => (highest = Math.max(highest, await readHighest(push.child.pid)));
  const watching = setInterval(() => void look(), 50);
  const end = await push.ended.finally(() => clearInterval(watching));
  expect(end).toMatchObject({ sentBytes: expect.any(Number) });
  expect(await describeStorePath(join(base, item.destination))).toBe(await describeStorePath(source));
  expect(highest).toBeGreaterThan(20_000);
  expect(highest).toBeLessThan(300_000);
  await rm(source, { recursive: true });
  await runCommand(["rm", "-rf", base]);
});

/** The most memory that a process has held, in kB; 0 of one that has ended. */
async function readHighest(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

async function writeOther(name: string): Promise<PushItem> {
  const source = join(scratch.path, "lab", `${"c".repeat(32)}-${name}`);
  await mkdir(source, { recursive: true });
  await writeFile(join(source, "file"), name);
  return { source, destination: `artifacts/store/${basename(source)}` };
}

test("I-38: four processes that send the same Lab and another one at once all succeed", async () => {
  const base = await makeBase();
  const other = await writeOther("other");
  const orders = [order(base), order(base), order(base), order(base, { items: [...items, other] })];
  const ends = await Promise.all(orders.map(async (one) => startPush(one).ended));
  for (const end of ends) expect(end).toMatchObject({ sentBytes: expect.any(Number) });
  await expectWhole(base, [...wanted.keys()]);
  expect(await describeStorePath(join(base, other.destination))).toBe(await describeStorePath(other.source));
  expect(await readdir(join(base, "artifacts/.staging"))).toEqual([]);
});

test("a push that begins while one of the same Lab was just killed takes over or starts anew, and both are whole", async () => {
  const base = await makeBase();
  const first = startPush(order(base));
  await first.reach(20_000_000);
  const seconds = [startPush(order(base)), startPush(order(base))];
  first.child.kill("SIGKILL");
  await first.ended;
  for (const second of seconds) expect(await second.ended).toMatchObject({ sentBytes: expect.any(Number) });
  await expectWhole(base, [...wanted.keys()]);
});
