// The program that makes image layers present on a node, run by real shells, on real file systems.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand, SYSTEM_PATH, tryCommand, type CommandOptions, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";

const PROGRAM = join(REPOSITORY_ROOT, "packages/core/target/node-layers.sh");
const MIB = 1 << 20;
let scratch: ScratchFolder;
let node: string;
let shared: string;

beforeEach(async () => {
  scratch = await startScratchFolder();
  node = join(scratch.path, "node");
  shared = join(scratch.path, "shared");
  await mkdir(node);
  await mkdir(shared);
});
afterEach(async () => scratch[Symbol.asyncDispose]());

async function writeLayer(content: string | Buffer): Promise<string> {
  const digest = createHash("sha256").update(content).digest("hex");
  await writeFile(join(shared, `${digest}.tar`), content);
  return digest;
}

interface BringOptions extends CommandOptions {
  readonly shell?: readonly string[];
  readonly spareKilobytes?: number;
}

async function bring(digests: readonly string[], options: BringOptions = {}): Promise<CommandOutput> {
  const { shell = ["sh"], spareKilobytes = 0, environment, ...rest } = options;
  return tryCommand([...shell, PROGRAM, node, shared, ...digests], {
    environment: { REPX_LAYER_SPARE_KILOBYTES: String(spareKilobytes), ...environment },
    ...rest,
  });
}

function place(digest: string): string {
  return join(node, "repx/layers", `${digest}.tar`);
}

async function listHidden(): Promise<string[]> {
  return (await readdir(join(node, "repx/layers"))).filter((name) => name.startsWith("."));
}

describe.each([
  ["dash", ["/bin/dash"]],
  ["bash as sh", ["/bin/bash", "--posix"]],
  ["busybox", ["/bin/busybox", "sh"]],
])("run by %s", (_, shell) => {
  test("it copies layers to the node, in order, and prints where they are", async () => {
    const digests = [await writeLayer("one\n"), await writeLayer("two\n"), await writeLayer("")];
    const output = await bring(digests, { shell });
    expect(output).toEqual({ exitCode: 0, stderr: "", stdout: digests.map((one) => `${place(one)}\n`).join("") });
    expect(await readFile(place(digests[0] ?? ""), "utf8")).toBe("one\n");
    expect(await listHidden()).toEqual([]);
  });
});

test("what is there is not copied again, even when the shared one is gone", async () => {
  const digest = await writeLayer("one\n");
  await bring([digest]);
  const before = await stat(place(digest));
  await rm(join(shared, `${digest}.tar`));
  expect((await bring([digest])).stdout).toBe(`${place(digest)}\n`);
  expect((await stat(place(digest))).ino).toBe(before.ino);
});

test("a layer without its mark is hashed and kept when it is whole, copied again when it is not", async () => {
  const digest = await writeLayer("one\n");
  await bring([digest]);
  const { ino } = await stat(place(digest));
  await rm(join(node, "repx/layers", `${digest}.ok`));
  await bring([digest]);
  expect((await stat(place(digest))).ino).toBe(ino);
  await chmod(place(digest), 0o644);
  await writeFile(place(digest), "on");
  await bring([digest]);
  expect(await readFile(place(digest), "utf8")).toBe("one\n");
});

test("of eight jobs that begin at once one copies, and all have it", async () => {
  const digest = await writeLayer(Buffer.alloc(32 * MIB, "x"));
  const bin = join(scratch.path, "counting");
  await mkdir(bin);
  await writeFile(join(bin, "cp"), `#!/bin/sh\necho copy >>${scratch.path}/copies\nexec /bin/cp "$@"\n`, {
    mode: 0o755,
  });
  const environment = { PATH: `${bin}:${SYSTEM_PATH}` };
  const outputs = await Promise.all(Array.from({ length: 8 }, async () => bring([digest], { environment })));
  expect(await readFile(join(scratch.path, "copies"), "utf8")).toBe("copy\n");
  expect(outputs).toEqual(outputs.map(() => ({ exitCode: 0, stderr: "", stdout: `${place(digest)}\n` })));
  expect((await stat(place(digest))).size).toBe(32 * MIB);
  expect(await listHidden()).toEqual([]);
});

test("what a killed job left is cleaned up, and its lock is taken over", async () => {
  const digest = await writeLayer(Buffer.alloc(8 * MIB, "x"));
  const folder = join(node, "repx/layers");
  await mkdir(folder, { recursive: true });
  const { pid } = await startStoppedCopy(digest);
  process.kill(-pid, "SIGKILL");
  await waitUntil({ what: "the copy to be gone", timeoutSeconds: 10 }, async () => !(await isThere(`/proc/${pid}`)));
  expect(await listHidden()).toHaveLength(2);
  const output = await bring([digest]);
  expect(output.stdout).toBe(`${place(digest)}\n`);
  expect(await listHidden()).toEqual([]);
});

test("a job that is copying is waited for, in the end in vain: then the shared layer serves", async () => {
  const digest = await writeLayer("one\n");
  const { pid } = await startStoppedCopy(digest);
  try {
    const environment = { REPX_LAYER_SECONDS: "1" };
    expect((await bring([digest], { environment })).stdout).toBe(`${shared}/${digest}.tar\n`);
    expect(await readlink(join(node, "repx/layers", `.lock.${digest}.${hostname()}`))).toBe(String(pid));
  } finally {
    process.kill(-pid, "SIGKILL");
  }
});

test("a job that is told to stop in the middle leaves nothing", async () => {
  const digest = await writeLayer("one\n");
  const { pid, ended } = await startStoppedCopy(digest);
  process.kill(-pid, "SIGTERM");
  expect(await ended).toBe(143);
  expect(await listHidden()).toEqual([]);
});

/** Begins a copy whose `cp` writes a part and then sleeps; a group of its own. */
async function startStoppedCopy(digest: string): Promise<{ pid: number; ended: Promise<unknown> }> {
  const bin = join(scratch.path, "slow");
  await mkdir(bin);
  await writeFile(join(bin, "cp"), '#!/bin/sh\nhead -c 2 "$1" >"$2"\nexec sleep 60\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${SYSTEM_PATH}`, REPX_LAYER_SPARE_KILOBYTES: "0" };
  const child = spawn("sh", [PROGRAM, node, shared, digest], { env, stdio: "ignore", detached: true });
  const ended = once(child, "exit").then(([code]: unknown[]) => code);
  if (child.pid === undefined) throw new Error("sh did not start");
  await waitUntil({ what: "the copy to begin", timeoutSeconds: 10 }, async () => {
    const names = await readdir(join(node, "repx/layers")).catch(() => []);
    const draft = names.find((name) => name.startsWith(".draft."));
    return draft !== undefined && (await stat(join(node, "repx/layers", draft))).size === 2;
  });
  return { pid: child.pid, ended };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

describe("on a small file system of the node", () => {
  beforeEach(async () => {
    await runCommand(["mount", "-t", "tmpfs", "-o", "size=4m", "repx-test", node]);
  });
  afterEach(async () => {
    await runCommand(["umount", node]);
  });

  test("a layer that does not fit is used where it is shared, and those that fit are copied", async () => {
    const large = await writeLayer(Buffer.alloc(5 * MIB, "x"));
    const small = await writeLayer("one\n");
    expect((await bring([large, small])).stdout).toBe(`${shared}/${large}.tar\n${place(small)}\n`);
    expect(await listHidden()).toEqual([]);
  });

  test("the room that others need stays free", async () => {
    const digest = await writeLayer(Buffer.alloc(MIB, "x"));
    expect((await bring([digest], { spareKilobytes: 3500 })).stdout).toBe(`${shared}/${digest}.tar\n`);
  });

  test("a disk that fills up meanwhile is left as it was", async () => {
    const digest = await writeLayer(Buffer.alloc(5 * MIB, "x"));
    const bin = join(scratch.path, "blind");
    await mkdir(bin);
    await writeFile(join(bin, "df"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const PATH = `${bin}:${SYSTEM_PATH}`;
    const output = await bring([digest], { environment: { PATH } });
    expect(output).toEqual({ exitCode: 0, stderr: "", stdout: `${shared}/${digest}.tar\n` });
    expect(await readdir(join(node, "repx/layers"))).toEqual([]);
  });
});

test("another user's folder is passed over, a link too: layers are kept in one of our own", async () => {
  const digest = await writeLayer("one\n");
  await mkdir(join(node, "repx/layers"), { recursive: true });
  await chown(join(node, "repx"), 65_534, 65_534);
  expect((await bring([digest])).stdout).toBe(`${node}/repx-0/layers/${digest}.tar\n`);
  await rm(join(node, "repx-0"), { recursive: true });
  await mkdir(join(node, "elsewhere"));
  await symlink("elsewhere", join(node, "repx-0"));
  expect((await bring([digest])).stdout).toBe(`${shared}/${digest}.tar\n`);
});

test("a node-local path that is not there is no failure", async () => {
  const digest = await writeLayer("one\n");
  await rm(node, { recursive: true });
  expect(await bring([digest])).toEqual({ exitCode: 0, stderr: "", stdout: `${shared}/${digest}.tar\n` });
});

test("a shared layer that is not what its name says ends with 65, and stays off the node", async () => {
  const digest = await writeLayer("one\n");
  await writeFile(join(shared, `${digest}.tar`), "two\n");
  expect(await bring([digest])).toMatchObject({ exitCode: 65, stderr: expect.stringContaining("is not the layer") });
  expect(await readdir(join(node, "repx/layers"))).toEqual([]);
});

test("a layer that is nowhere ends with 66", async () => {
  const digest = "ab".repeat(32);
  expect(await bring([digest])).toMatchObject({ exitCode: 66, stderr: expect.stringContaining(digest) });
});

test("what is no digest, or no word at all, ends with 64", async () => {
  expect(await bring(["../../x"])).toMatchObject({ exitCode: 64 });
  expect(await bring([])).toMatchObject({ exitCode: 64 });
});
