// Results from a target behind a real sshd, as a user who is not root, with all that may come in between.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { chmod, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { describeTree, JOB, OTHER, writeOutputs } from "../../packages/core/src/sync/pull/pull.fixture.ts";
import { previewPull, pullOutputs, type PullRequest } from "../../packages/core/src/sync/pull/pull.ts";
import { openLasting } from "../../packages/core/src/target/transport/lasting.ts";
import { openTransport, type Transport } from "../../packages/core/src/target/transport/transport.ts";
import { ensureClusterUser, type ClusterUser } from "../harness/cluster-user.ts";
import { runCommand } from "../harness/command.ts";
import { startNetworkLine } from "../harness/network-line.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { startSshServer, type SshServer } from "../harness/ssh-server.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";

let scratch: Awaited<ReturnType<typeof startScratchFolder>>;
let user: ClusterUser;
let server: SshServer;
let places = 0;
let base: string;
let destination: string;
let request: PullRequest;

beforeAll(async () => {
  scratch = await startScratchFolder();
  user = await ensureClusterUser();
  server = await startSshServer({ folder: join(scratch.path, "sshd"), user });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});
beforeEach(async () => {
  base = await makeTraversableFolder(scratch.path, `base-${++places}`);
  destination = join(scratch.path, `here-${places}/outputs`);
  request = { basePath: base, destination, jobs: [JOB, OTHER], parts: ["out", "repx"] };
});

function describeServer(port = server.port): { target: Parameters<typeof openTransport>[0]; credentials: object } {
  const { host, privateKey, knownHosts } = server;
  const target = { name: "c", address: { user: user.name, host, port }, basePath: "/", scheduler: "slurm" as const };
  return { target, credentials: { privateKey, knownHosts: knownHosts.replace(/:[0-9]+ /, `:${port} `) } };
}

async function connect(port?: number): Promise<Transport> {
  const { target, credentials } = describeServer(port);
  return openTransport(target, { knownHosts: "", environment: { HOME: "/nonexistent" }, ...credentials });
}

/** Eight large files that do not compress, and two hundred small ones. */
async function writeMuch(): Promise<void> {
  const large = Array.from({ length: 8 }, (_, index) => [`${JOB}/out/large-${index}`, randomBytes(5_000_000)]);
  const small = Array.from({ length: 200 }, (_, index) => [`${OTHER}/out/${index % 10}/${index}`, `${index}`]);
  await writeOutputs(base, { ...Object.fromEntries([...large, ...small]), [`${JOB}/repx/SUCCESS`]: "" });
}

async function expectWhole(): Promise<void> {
  expect(await describeTree(destination)).toEqual(await describeTree(join(base, "outputs")));
}

test("results come whole, with odd names, and a second pull fetches nothing", async () => {
  await writeMuch();
  const names = ["-x", "a'b", "new\nline", "é ✓"];
  await writeOutputs(base, Object.fromEntries(names.map((name) => [`${OTHER}/out/${name}/${name}`, name])));
  await writeFile(Buffer.concat([Buffer.from(join(base, "outputs", OTHER, "out/l-")), Buffer.from([0xff])]), "");
  await symlink("-x", join(base, "outputs", OTHER, "out/link"));
  const shown: number[] = [];
  await using transport = await connect();
  const onProgress: PullRequest["onProgress"] = ({ doneBytes, totalBytes }) => shown.push(doneBytes / totalBytes);
  const pulled = await pullOutputs(transport, { ...request, onProgress });
  expect(pulled).toMatchObject({ files: 214, leftOut: [], missingJobs: [], skippedFiles: 0 });
  expect(shown.at(-1)).toBe(1);
  await expectWhole();
  expect(await pullOutputs(transport, request)).toMatchObject({ files: 0, sentBytes: 0, skippedFiles: 214 });
  await writeOutputs(base, { [`${OTHER}/out/1/1`]: "changed" });
  expect(await pullOutputs(transport, request)).toMatchObject({ files: 1, bytes: 7, skippedFiles: 213 });
  await expectWhole();
});

test("what the user may not read there is left out, and told", async () => {
  await writeOutputs(base, { [`${JOB}/out/mine`]: "1", [`${JOB}/out/closed`]: "2", [`${JOB}/out/shut/x`]: "3" });
  await chmod(join(base, "outputs", JOB, "out/closed"), 0o600);
  await chmod(join(base, "outputs", JOB, "out/shut"), 0o700);
  await using transport = await connect();
  const { files, leftOut } = await pullOutputs(transport, request);
  expect(files).toBe(1);
  expect(leftOut.map(({ path, reason }) => `${path.slice(JOB.length)}: ${reason}`)).toEqual([
    "/out/shut: the folder may not be read there",
    "/out/closed: it could not be read there: Cannot open: Permission denied",
  ]);
});

test("find and stat tell the same of what the user may not read", async () => {
  await writeOutputs(base, { [`${JOB}/out/shut/x`]: "1", [`${JOB}/out/open/x`]: "2", [`${OTHER}/out/x`]: "3" });
  await writeOutputs(base, { [`${JOB}/repx/SUCCESS`]: "", [`${OTHER}/repx/FAIL`]: "" });
  const closed = [`${JOB}/out/shut`, `${OTHER}/out`, `${JOB}/repx`].map((path) => join(base, "outputs", path));
  const plain = await makeTraversableFolder(scratch.path, `bin-${places}`);
  for (const name of ["sh", "cat", "stat", "tar"]) await symlink(join("/usr/bin", name), join(plain, name));
  await using transport = await connect();
  const withoutFind: Transport = {
    ...transport,
    run: async (order) => transport.run({ ...order, argv: ["env", `PATH=${plain}`, ...order.argv] }),
  };
  for (const mode of [0o700, 0o711, 0o744]) {
    for (const path of closed) await chmod(path, mode);
    const previews = await Promise.all([transport, withoutFind].map(async (way) => previewPull(way, request)));
    // In which order they tell it is theirs.
    const [byFind, byStat] = previews.map(({ leftOut, ...preview }) => ({
      ...preview,
      leftOut: leftOut.toSorted((left, right) => (left.path < right.path ? -1 : 1)),
    }));
    expect(byFind).toEqual(byStat);
    expect(byFind?.leftOut).toHaveLength(3);
  }
  for (const path of closed) await chmod(path, 0o755);
});

test("a job that still writes is no failure", async () => {
  await writeOutputs(base, { [`${JOB}/out/log`]: "x\n".repeat(2_000_000), [`${JOB}/out/other`]: "whole" });
  const path = join(base, "outputs", JOB, "out/log");
  const writer = spawn("sh", ["-c", 'while echo more; do :; done >>"$1"', "sh", path], { stdio: "ignore" });
  try {
    await using transport = await connect();
    const { files, leftOut } = await pullOutputs(transport, request);
    expect(files + leftOut.length).toBe(2);
  } finally {
    writer.kill("SIGKILL");
  }
});

test("a connection that is cut in the middle leaves whole files, and a retry fetches only the rest", async () => {
  await writeMuch();
  await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 20_000_000 });
  await using transport = await connect(line.port);
  const cut = pullOutputs(transport, {
    ...request,
    onProgress: ({ doneFiles }) => doneFiles >= 3 && line.cut(),
  });
  await expect(cut).rejects.toMatchObject({ code: "SSH_CONNECTION_LOST" });
  const left = await describeTree(destination);
  const there = await describeTree(join(base, "outputs"));
  for (const [path, what] of Object.entries(left)) expect([path, what]).toEqual([path, there[path]]);
  expect(left[`/${JOB}/repx/SUCCESS`]).toBeUndefined();
  await using again = await connect();
  const { files, skippedFiles } = await pullOutputs(again, request);
  expect(skippedFiles).toBeGreaterThanOrEqual(3);
  expect(files + skippedFiles).toBe(208);
  await expectWhole();
});

test("a transport that connects anew carries a pull over a cut", async () => {
  await writeMuch();
  await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 20_000_000 });
  await using transport = await openLasting(async () => connect(line.port), { pauseSeconds: 0.1 });
  let cuts = 0;
  const onProgress: PullRequest["onProgress"] = ({ doneBytes }) => {
    if (doneBytes > 10_000_000 * (cuts + 1) && cuts < 2) {
      cuts += 1;
      line.cut();
    }
  };
  expect(await pullOutputs(transport, { ...request, onProgress })).toMatchObject({ files: 208, leftOut: [] });
  expect(cuts).toBe(2);
  await expectWhole();
});

test("a large file goes on where it was when the connection was cut, and is whole", async () => {
  const size = 40_000_000;
  await writeOutputs(base, { [`${JOB}/out/large`]: randomBytes(size) });
  await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 20_000_000 });
  await using transport = await openLasting(async () => connect(line.port), { pauseSeconds: 0.1 });
  let cuts = 0;
  const onProgress: PullRequest["onProgress"] = ({ doneBytes }) => {
    if (doneBytes < 10_000_000 * (cuts + 1) || cuts === 3) return;
    cuts += 1;
    line.cut();
  };
  const { files, sentBytes } = await pullOutputs(transport, { ...request, onProgress });
  expect([files, cuts]).toEqual([1, 3]);
  // What was on its way at a cut comes twice.
  expect(sentBytes).toBeLessThan(size + 6_000_000);
  await expectWhole();
});

const CLIENT = `
  const [pull, transport] = await Promise.all(process.argv.slice(1, 3).map((path) => import(path)));
  const { target, credentials, request } = JSON.parse(process.argv[3]);
  const open = await transport.openTransport(target, { environment: { HOME: "/nonexistent" }, ...credentials });
  await pull.pullOutputs(open, request);
  process.exit(0);
`;

test("a pull that is killed leaves whole files, and the next one fetches only the rest", async () => {
  await writeMuch();
  await using line = await startNetworkLine({ port: server.port, bytesPerSecond: 5_000_000 });
  const core = join(import.meta.dirname, "../../packages/core/src");
  const order = JSON.stringify({ ...describeServer(line.port), request });
  const modules = [join(core, "sync/pull/pull.ts"), join(core, "target/transport/transport.ts")];
  const client = spawn(process.execPath, ["--input-type=module", "-e", CLIENT, ...modules, order], {
    stdio: "inherit",
  });
  await waitUntil({ what: "the first file to be in place", timeoutSeconds: 30 }, async () => {
    const { exitCode } = client;
    const names = await readdir(join(destination, JOB, "out")).catch(() => []);
    if (exitCode !== null && names.length === 0) throw new Error(`the client ended with exit code ${exitCode}`);
    return names.length > 0;
  });
  client.kill("SIGKILL");
  const [staging] = (await readdir(destination)).filter((name) => name.startsWith(".repx-pull-"));
  expect(staging).toBeDefined();
  const there = await describeTree(join(base, "outputs"));
  const left = Object.entries(await describeTree(destination)).filter(([path]) => !path.startsWith("/.repx-pull-"));
  for (const [path, what] of left) expect([path, what]).toEqual([path, there[path]]);
  await using transport = await connect();
  const { skippedFiles, files } = await pullOutputs(transport, request);
  expect(skippedFiles).toBeGreaterThan(0);
  expect(files + skippedFiles).toBe(208);
  await rm(join(destination, staging ?? ""), { recursive: true });
  await expectWhole();
});

test("too little room is seen before anything comes, and a disk that runs full leaves whole files", async () => {
  await writeMuch();
  const disk = await makeTraversableFolder(scratch.path, `disk-${places}`);
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=20m", "none", disk]);
  try {
    await using transport = await connect();
    const full = { ...request, destination: join(disk, "outputs") };
    await expect(pullOutputs(transport, full)).rejects.toMatchObject({ code: "SYNC_NO_SPACE" });
    expect(await readdir(full.destination)).toEqual([]);
    await runCommand(["mount", "-o", "remount,size=42m", disk]);
    let isFilled = false;
    const onProgress: PullRequest["onProgress"] = ({ doneBytes }) => {
      if (doneBytes === 0 || isFilled) return;
      isFilled = true;
      writeFileSync(join(disk, "filler"), Buffer.alloc(30_000_000));
    };
    const filler = pullOutputs(transport, { ...full, onProgress });
    await expect(filler).rejects.toMatchObject({ code: "SYNC_NO_SPACE" });
    const there = await describeTree(join(base, "outputs"));
    for (const [path, what] of Object.entries(await describeTree(full.destination))) {
      expect([path, what]).toEqual([path, there[path]]);
    }
  } finally {
    await runCommand(["umount", disk]);
  }
});

test("a folder here that is on another file system is left out, and the rest comes", async () => {
  await writeOutputs(base, { [`${JOB}/out/x`]: "1", [`${OTHER}/out/x`]: "2" });
  const disk = join(destination, JOB, "out");
  await mkdir(disk, { recursive: true });
  await runCommand(["mount", "-t", "tmpfs", "none", disk]);
  try {
    await using transport = await connect();
    const { files, leftOut } = await pullOutputs(transport, request);
    expect([files, leftOut.map(({ reason }) => reason)]).toEqual([1, ["here its folder is on another file system"]]);
  } finally {
    await runCommand(["umount", disk]);
  }
});

test("a file that grew stops before it fills the disk", async () => {
  await writeOutputs(base, { [`${JOB}/out/log`]: "x" });
  const disk = await makeTraversableFolder(scratch.path, `disk-${places}`);
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=20m", "none", disk]);
  try {
    await using transport = await connect();
    const growing: Transport = {
      ...transport,
      run: async (order) => {
        if (order.argv[3] === "fetch") await writeOutputs(base, { [`${JOB}/out/log`]: Buffer.alloc(30_000_000) });
        return transport.run(order);
      },
    };
    const refused = pullOutputs(growing, { ...request, destination: join(disk, "outputs") });
    const message = expect.stringContaining("has no room for files that grew");
    await expect(refused).rejects.toMatchObject({ code: "SYNC_NO_SPACE", message });
  } finally {
    await runCommand(["umount", disk]);
  }
});

test("a destination on a read-only file system is refused", async () => {
  await writeMuch();
  const disk = await makeTraversableFolder(scratch.path, `disk-${places}`);
  await runCommand(["mount", "-t", "tmpfs", "-o", "ro", "none", disk]);
  try {
    await using transport = await connect();
    const refused = pullOutputs(transport, { ...request, destination: join(disk, "outputs") });
    await expect(refused).rejects.toMatchObject({ code: "SYNC_DESTINATION_NOT_WRITABLE" });
  } finally {
    await runCommand(["umount", disk]);
  }
});

test("start-up files that print, and tools that were deployed, are no matter", async () => {
  await writeOutputs(base, { [`${JOB}/out/x`]: "x".repeat(10_000) });
  const tools = join(base, "host-tools/0123/bin");
  await mkdir(tools, { recursive: true });
  await symlink("/usr/bin/zstd", join(tools, "zstd"));
  const login = await makeTraversableFolder(scratch.path, `bin-${places}`);
  for (const name of ["sh", "cat", "stat", "tar", "tee", "sha256sum", "dd", "head", "wc"])
    await symlink(`/usr/bin/${name}`, join(login, name));
  const noisy: Transport = await connect();
  await using transport: Transport = {
    ...noisy,
    run: async ({ argv, ...rest }) =>
      noisy.run({ ...rest, argv: ["env", `PATH=${login}`, "sh", "-c", 'echo noise; exec "$@"', "sh", ...argv] }),
  };
  const { sentBytes, files } = await pullOutputs(transport, request);
  expect(files).toBe(1);
  expect(sentBytes).toBeLessThan(2000);
  await expectWhole();
});
