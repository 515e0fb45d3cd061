// The listing of a base path on this machine, by find and by stat.
import { link, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../../target/command/command.ts";
import { openLocal } from "../../target/transport/local.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { listOutputs } from "./list-outputs.ts";
import type { ListedEntry, OutputListing } from "./parse-listing.ts";
import { changeListing, JOB, linkTools, OTHER, startPullPlace, writeOutputs, type PullPlace } from "./pull.fixture.ts";
import { pullOutputs, type PullRequest } from "./pull.ts";

let place: PullPlace;
let local: Transport;

beforeEach(async () => {
  place = await startPullPlace();
  local = await openLocal();
});
afterEach(async () => place[Symbol.asyncDispose]());

async function list(transport = local, change: Partial<PullRequest> = {}): Promise<OutputListing> {
  const heard: ListedEntry[] = [];
  const listing = await listOutputs(transport, { ...place.request, ...change }, (entries) => heard.push(...entries));
  // A marker may be said twice.
  expect(new Map(heard.map((entry) => [entry.path, entry]))).toEqual(listing.entries);
  return listing;
}

/** A target with other programs, and the listing in which the order of names does not count. */
async function listWith(programs: readonly string[], change: Partial<PullRequest>): Promise<object> {
  const names = ["sh", "cat", "stat", "tar", "openssl", ...programs];
  await using transport = await openLocal({ environment: { PATH: await linkTools(place.folder, names) } });
  const { entries, closedFolders, unreadyJobs } = await list(transport, change);
  const sorted = [...entries.values()].toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return { entries: sorted, closedFolders, unreadyJobs };
}

const ODD = [
  "-rf",
  "a'b",
  "it''s",
  "new\nline",
  'quo"te $HOME `id`',
  "back\\slash",
  "%p\\n",
  "é✓",
  ".hidden",
  "..two",
  "  ",
  "*",
];

/** Whatever may lie in jobs' folders. */
async function writeStrangeOutputs(): Promise<void> {
  const odd = ODD.map((name) => [`${JOB}/out/${name}/${name}`, name]);
  const scratch = [".running/1", "nix_x/y", "store_host/z", "a/nix_z", "a/b\nc/store_image/x", "nix", "stdout.log"];
  await writeOutputs(place.base, {
    ...Object.fromEntries(odd),
    ...Object.fromEntries(
      scratch.flatMap((name) => [`${JOB}/repx/${name}`, `${JOB}/out/${name}`].map((path) => [path, ""])),
    ),
    [`${JOB}/repx/SUCCESS`]: "",
    [`${JOB}/elsewhere/x`]: "x",
    [`${JOB}/elsewhere/out/x`]: "x",
    [`${OTHER}/out/x`]: "x",
    [`${OTHER}/moved/nix_x/y`]: "y",
    [`${OTHER}/repx/FAIL`]: "",
    [`${OTHER}/scatter/out/x`]: "x",
    [`${OTHER}/scatter/repx/stdout.log`]: "x",
    [`${OTHER}/branch-'1/step-a b/repx/nix_a/b`]: "x",
    [`${OTHER}/branch-'1/step-a b/repx/stderr.log`]: "x",
  });
  const out = join(place.base, "outputs", JOB, "out");
  await writeFile(Buffer.concat([Buffer.from(`${out}/`), Buffer.from([0x66, 0xff, 0x0a, 0x81])]), "latin");
  await link(join(out, "nix"), join(out, "hard"));
  await symlink("nix", join(out, "link"));
  await symlink("/nowhere", join(out, "dangling"));
  await symlink("a", join(out, "to-folder"));
  await runCommand({ argv: ["mkfifo", join(out, "fifo")] });
  await runCommand({ argv: ["chmod", "6751", join(out, "nix")] });
  await utimes(join(out, "stdout.log"), -4.5, -4.5);
  await mkdir(join(out, "empty"));
}

test.each([
  [["out", "repx"], "all"],
  [["out"], "all"],
  [["repx"], "all"],
  [["out", "repx"], "succeeded"],
] as const)("find says of %j what stat says, of %s jobs", async (parts, which) => {
  await writeStrangeOutputs();
  const socket = createServer().listen(join(place.base, "outputs", JOB, "out/socket"));
  const change = { parts, isSucceededOnly: which === "succeeded" };
  const listed = await listWith([], change);
  expect(await listWith(["find", "zstd"], change)).toEqual(listed);
  await new Promise((resolve) => socket.close(resolve));
  const paths = [...(await list(local, change)).entries.keys()].map((path) => path.replace(/^.{32}-sim-1.0/, ""));
  expect(paths.filter((path) => path.startsWith("/repx/") && /nix_|store_|\.running/.test(path))).toEqual([]);
  expect(paths.includes("/out/nix_x/y")).toBe((parts as readonly string[]).includes("out"));
  expect(paths.includes("/repx/SUCCESS")).toBe(true);
  expect(paths.filter((path) => path.startsWith("/elsewhere") || path.startsWith("/moved"))).toEqual([]);
});

test.each(["out", "repx"])("find and stat take a link in place of %s for the folder", async (name) => {
  await writeStrangeOutputs();
  const job = join(place.base, "outputs", JOB);
  await rename(join(job, name), join(place.folder, "aside"));
  await symlink(join(place.folder, "aside"), join(job, name));
  await rm(join(place.base, "outputs", OTHER, "out"), { recursive: true });
  await symlink("moved/nix_x/y", join(place.base, "outputs", OTHER, "out"));
  const listed = await listWith([], {});
  expect(await listWith(["find"], {})).toEqual(listed);
  const { entries } = await list();
  expect(entries.get(`${JOB}/${name}`)).toMatchObject({ kind: "folder" });
  expect(entries.has(`${JOB}/${name}/stdout.log`)).toBe(true);
  expect(entries.has(`${OTHER}/out`)).toBe(false);
});

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, -20);
}

function spoil(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 200), Buffer.alloc(200), bytes.subarray(400)]);
}

test("find and stat pass over a file in place of a job's folder", async () => {
  await writeOutputs(place.base, { [`${JOB}/out`]: "a file", [`${JOB}/repx/SUCCESS`]: "" });
  const listed = await listWith([], {});
  expect(await listWith(["find"], {})).toEqual(listed);
  expect([...(await list()).entries.keys()].toSorted()).toEqual([`${JOB}/repx`, `${JOB}/repx/SUCCESS`]);
});

test("a listing that is cut or damaged is no whole one, compressed or not", async () => {
  await writeStrangeOutputs();
  const PATH = await linkTools(place.folder, ["sh", "cat", "stat", "tar", "find"]);
  await using plain = await openLocal({ environment: { PATH } });
  for (const [transport, change] of [
    [local, cut],
    [local, spoil],
    [plain, cut],
  ] as const) {
    await expect(list(changeListing(transport, change))).rejects.toMatchObject({ code: "SSH_COMMAND_FAILED" });
  }
  expect((await list(changeListing(plain, (bytes) => bytes))).entries.size).toBeGreaterThan(30);
});

/** Copies a program, and calls it one for a machine that nobody has. */
async function writeForeign(path: string, program: string): Promise<void> {
  const bytes = await readFile(join("/usr/bin", program));
  // The machine of an ELF file, at its byte 18.
  bytes.writeUInt16LE(0xfefe, 18);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes, { mode: 0o755 });
}

test.each([
  ["of another machine", false],
  ["of another machine beside those of this one", true],
])("host tools %s are not taken for tools", async (_, hasOwn) => {
  await writeOutputs(place.base, { [`${JOB}/out/x`]: "x".repeat(10_000) });
  const names = ["sh", "cat", "stat", "tar", "tee", "sha256sum"];
  const folder = await linkTools(place.folder, names);
  for (const name of ["zstd", "openssl", "bash"]) {
    await writeForeign(join(place.base, "host-tools/0/bin", name), name);
    const own = join(place.base, "host-tools/1/bin");
    await mkdir(own, { recursive: true });
    if (hasOwn) await symlink(join("/usr/bin", name), join(own, name));
  }
  await using transport = await openLocal({ environment: { PATH: folder } });
  expect((await list(transport)).tools).toEqual({ hasZstd: hasOwn, hasOpenssl: hasOwn, hasGnuTar: true });
  expect(await pullOutputs(transport, place.request)).toMatchObject({ files: 1, leftOut: [] });
});

test("programs of the target that do not run are not taken for tools", async () => {
  const folder = await linkTools(place.folder, ["sh", "cat", "stat", "tar"]);
  for (const name of ["zstd", "openssl"]) await writeForeign(join(folder, name), name);
  await using transport = await openLocal({ environment: { PATH: folder } });
  expect((await list(transport)).tools).toEqual({ hasZstd: false, hasOpenssl: false, hasGnuTar: true });
});
