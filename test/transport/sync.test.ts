import { createHash, randomBytes } from "node:crypto";
import { chmod, lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildLab } from "../../packages/core/src/lab/nix/build-lab.ts";
import { renderInputs } from "../../packages/core/src/lab/inputs/render-inputs.ts";
import { openLab, type OpenLab } from "../../packages/core/src/lab/metadata/open-lab.ts";
import { verifyLab } from "../../packages/core/src/lab/verification/verify-lab.ts";
import { pushTree, type Pushed, type PushItem } from "../../packages/core/src/sync/push/push.ts";
import { surveyTarget, type Survey } from "../../packages/core/src/sync/survey.ts";
import { planSync } from "../../packages/core/src/sync/sync-plan.ts";
import { openTransport, type Transport } from "../../packages/core/src/target/transport/transport.ts";
import { ensureClusterUser, type ClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { findFreePort } from "../harness/free-port.ts";
import { nixEnvironment } from "../harness/nix-environment.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { startLabBuilder, writeExample, type LabBuilder } from "../nix/build-lab.ts";

let scratch: Awaited<ReturnType<typeof startScratchFolder>>;
let user: ClusterUser;
let server: SshServer;
let builder: LabBuilder;
let opened: OpenLab;
let storeRoot: string;
let bases = 0;

beforeAll(async () => {
  scratch = await startScratchFolder();
  user = await ensureClusterUser();
  server = await startSshServer({ folder: join(scratch.path, "sshd"), user });
  builder = await startLabBuilder();
  const checkout = await writeExample(builder, "checkout");
  const environment = nixEnvironment(builder.folder);
  const built = await buildLab({ reference: `path:${checkout}`, environment, cwd: scratch.path });
  storeRoot = built.storeRoot;
  opened = await openLab(built.folder);
});

afterAll(async () => {
  await builder[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function connect(change: { port?: number } = {}): Promise<Transport> {
  const { host, privateKey, knownHosts } = server;
  const port = change.port ?? server.port;
  const target = { name: "c", address: { user: user.name, host, port }, basePath: "/", scheduler: "slurm" as const };
  return openTransport(target, { privateKey, knownHosts: knownHosts.replace(/:[0-9]+ /, `:${port} `) });
}

/** A folder of the user's own. */
async function makeBase(): Promise<string> {
  const base = await makeTraversableFolder(scratch.path, `base-${++bases}`);
  await runCommand(["chown", user.name, base]);
  return base;
}

async function survey(transport: Transport, basePath: string): Promise<Survey> {
  const { lab } = opened;
  const storeNames = lab.storePaths.map((path) => basename(path));
  const wanted = { basePath, storeNames, jobIds: [...lab.jobs.keys()], labHash: lab.hash, programsHash: "f00d" };
  return surveyTarget(transport, wanted);
}

async function push(transport: Transport, basePath: string, items: readonly PushItem[], change = {}): Promise<Pushed> {
  const { facts } = await survey(transport, basePath);
  return pushTree(transport, { basePath, items, facts: { ...facts, ...change } });
}

async function plan(transport: Transport, base: string): Promise<ReturnType<typeof planSync>> {
  const programs = { folder: join(scratch.path, "programs"), hash: "f00d" };
  await mkdir(programs.folder, { recursive: true });
  await writeFile(join(programs.folder, "repx-job"), "#!/bin/sh\n", { mode: 0o755 });
  const jobs = [...opened.lab.jobs.keys()];
  return planSync({ opened, storeRoot, programs, jobs, survey: await survey(transport, base) });
}

/** Everything under a folder, with type, mode and content or target. */
async function describeTree(folder: string): Promise<string[]> {
  const { stdout } = await runCommand(["find", folder, "-printf", "%P %y %m %l\n"]);
  const sums = await tryCommand(["sh", "-c", 'cd "$1" && find . -type f -exec sha256sum {} +', "sh", folder]);
  return [...stdout.split("\n"), ...sums.stdout.split("\n")].toSorted();
}

async function listStaging(base: string): Promise<string[]> {
  return readdir(join(base, "artifacts/.staging")).catch(() => []);
}

test("the example's Lab holds what its manifest says", async () => {
  expect(await verifyLab(opened)).toEqual({ files: opened.lab.manifest.files.length });
  for (const id of opened.lab.jobs.keys()) expect(renderInputs(opened.lab, id, "/base")).toBeDefined();
});

test("a target gets the example's Lab whole, and lacks nothing afterwards", async () => {
  const base = await makeBase();
  await using transport = await connect();
  const items = await plan(transport, base);
  const { storePaths, jobs, hash } = opened.lab;
  expect(items).toHaveLength(storePaths.length + jobs.size + 2);
  const sent = await push(transport, base, items);
  expect(sent.bytes).toBeGreaterThan(1_000_000);
  for (const path of storePaths) {
    const there = await describeTree(join(base, "artifacts/store", basename(path)));
    expect(there).toEqual(await describeTree(join(builder.folder, path)));
  }
  for (const id of jobs.keys()) {
    expect(await describeTree(join(base, "artifacts/jobs", id))).toEqual(
      await describeTree(join(opened.folder, "jobs", id)),
    );
  }
  const lab = join(base, "artifacts/labs", hash);
  for (const path of opened.metadataPaths) {
    expect(await readFile(join(lab, path))).toEqual(await readFile(join(opened.folder, path)));
  }
  expect((await lstat(join(base, "bin/f00d/repx-job"))).mode & 0o777).toBe(0o755);
  expect((await lstat(lab)).uid).toBe(user.uid);
  expect(await plan(transport, base)).toEqual([]);
  expect(await listStaging(base)).toEqual([]);
});

test("two pushes of the same at the same time both succeed", async () => {
  const base = await makeBase();
  await using transport = await connect();
  const items = await plan(transport, base);
  await Promise.all([1, 2, 3].map(async () => push(transport, base, items)));
  expect(await plan(transport, base)).toEqual([]);
  expect(await listStaging(base)).toEqual([]);
});

test("a base path that is another's is refused, with path and user", async () => {
  const base = await makeTraversableFolder(scratch.path, "of-root");
  await using transport = await connect();
  const refused = survey(transport, join(base, "repx"));
  await expect(refused).rejects.toMatchObject({
    code: "SYNC_BASE_PATH_NOT_WRITABLE",
    message: expect.stringContaining(`user ${user.name} cannot write to the base path ${base}/repx`),
  });
  await expect(refused).rejects.toThrow("Permission denied");
});

async function startDisk(size: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await makeTraversableFolder(scratch.path, `disk-${++bases}`);
  await runCommand(["mount", "-t", "tmpfs", "-o", `size=${size},mode=755,uid=${user.uid}`, "repx-test", path]);
  return { path, [Symbol.asyncDispose]: async () => void (await runCommand(["umount", path])) };
}

test("a disk that is too small is told of before anything is sent", async () => {
  await using disk = await startDisk("1m");
  await using transport = await connect();
  const items = await plan(transport, disk.path);
  const before = await describeTree(disk.path);
  await expect(push(transport, disk.path, items)).rejects.toMatchObject({
    code: "SYNC_NO_SPACE",
    message: expect.stringMatching(/needs [0-9.]+ MB at .*, but [0-9.]+ [kM]B are free/),
    hint: expect.stringContaining("df -h"),
  });
  expect(await listStaging(disk.path)).toEqual([]);
  expect(await describeTree(disk.path)).toEqual(before);
});

async function writeBulk(name: string, write: (folder: string) => Promise<void>): Promise<PushItem> {
  const source = join(scratch.path, `${"e".repeat(32)}-${name}`);
  await mkdir(source);
  await write(source);
  return { source, destination: `artifacts/store/${basename(source)}` };
}

test.each([
  ["a bundle", "6m", async (folder: string) => writeFile(join(folder, "file"), randomBytes(8 << 20))],
  [
    "a slice that does not compress",
    "6m",
    async (folder: string) => writeFile(join(folder, "file"), randomBytes(18 << 20)),
  ],
  [
    "a slice that compresses",
    "6m",
    async (folder: string) => writeFile(join(folder, "file"), "some text\n".repeat(2 << 20)),
  ],
  [
    "the last command",
    "6m,nr_inodes=900",
    async (folder: string) => {
      for (let index = 0; index < 1200; index += 1) await mkdir(join(folder, `${index}`.repeat(20)));
    },
  ],
])("a disk that runs full within %s is as it was afterwards", async (name, size, write) => {
  const item = await writeBulk(name.replaceAll(" ", "-"), write);
  await using disk = await startDisk(size);
  await using transport = await connect();
  await survey(transport, disk.path);
  const before = await describeTree(disk.path);
  // As if somebody else took the room meanwhile.
  const pushed = push(transport, disk.path, [item], { freeBytes: Infinity, freeFiles: Infinity });
  await expect(pushed).rejects.toMatchObject({ code: "SYNC_NO_SPACE", hint: expect.stringContaining("df -h") });
  expect(await listStaging(disk.path)).toEqual([]);
  expect(await describeTree(disk.path)).toEqual(before);
});

test("a connection that breaks leaves nothing to be seen, and the next push goes on where it broke", async () => {
  const base = await makeBase();
  const big = join(scratch.path, `${"c".repeat(32)}-big`);
  await writeFile(big, randomBytes(300 << 20));
  const item = { source: big, destination: `artifacts/store/${basename(big)}` };
  await using line = await startLine(server.port);
  await using transport = await connect({ port: line.port });
  const { facts } = await survey(transport, base);
  const begun = Promise.withResolvers<void>();
  const broken = pushTree(transport, {
    basePath: base,
    items: [item],
    facts,
    onProgress: ({ doneBytes }) => doneBytes > 280e6 && begun.resolve(),
  }).catch((error: unknown) => error);
  await begun.promise;
  expect(await listStaging(base)).toHaveLength(1);
  line.cut();
  expect(await broken).toMatchObject({ code: "SSH_CONNECTION_LOST" });
  expect(await readdir(join(base, "artifacts/store"))).toEqual([]);
  const [left = ""] = await listStaging(base);
  const running = join(base, "artifacts/.staging", left, "running");
  await waitUntil(
    { what: "the receivers to end", timeoutSeconds: 20 },
    async () => (await readdir(running)).length === 0,
  );
  await using again = await connect();
  expect((await push(again, base, [item])).resumedBytes).toBeGreaterThan(0);
  expect(await describeTree(join(base, "artifacts/store"))).toContainEqual(
    expect.stringContaining(
      createHash("sha256")
        .update(await readFile(big))
        .digest("hex"),
    ),
  );
  expect(await listStaging(base)).toEqual([]);
});

/** A network between us and a port of this machine that can be cut. */
async function startLine(port: number): Promise<AsyncDisposable & { readonly port: number; cut(): void }> {
  const sockets: Socket[] = [];
  const listener = createServer((near) => {
    const far = createConnection({ host: "127.0.0.1", port });
    sockets.push(near, far);
    near.on("error", () => {}).pipe(far);
    far.on("error", () => {}).pipe(near);
  });
  const own = await findFreePort();
  await new Promise<void>((resolve) => void listener.listen(own, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: own,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => void listener.close(resolve));
    },
  };
}

test("what is sent survives a mode that shuts out even its owner", async () => {
  const base = await makeBase();
  const source = join(scratch.path, `${"d".repeat(32)}-odd`);
  await mkdir(join(source, "a/b"), { recursive: true });
  await writeFile(join(source, "a/b/run"), createHash("sha256").digest());
  await chmod(join(source, "a/b/run"), 0o111);
  await chmod(join(source, "a/b"), 0o500);
  await using transport = await connect();
  await push(transport, base, [{ source, destination: `artifacts/store/${basename(source)}` }]);
  const there = join(base, "artifacts/store", basename(source));
  expect((await lstat(join(there, "a/b/run"))).mode & 0o777).toBe(0o111);
  expect((await lstat(there)).mode & 0o222).toBe(0);
});
