// `repx gc` against a real sshd, on what real syncs have sent.
import { chown, cp, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { REPX_GEN, REPX_LAB_HASH, REPX_PLOT } from "../../packages/core/src/lab/repx-lab.fixture.ts";
import { runCommand, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { DATA, LINK, writeStoredLab } from "./stored-lab.ts";
import { startTargetStand, type TargetStand } from "./target-stand.ts";

let stand: TargetStand;

beforeAll(async () => {
  stand = await startTargetStand();
  await symlink(await writeStoredLab(stand.project), join(stand.project, "result"));
});
afterAll(async () => stand[Symbol.asyncDispose]());
beforeEach(async () => {
  await runCommand(["chmod", "-R", "u+w", stand.basePath]);
  await rm(stand.basePath, { recursive: true });
  await mkdir(stand.basePath);
  await chown(stand.basePath, stand.user.uid, stand.user.gid);
});

const GARBAGE = `artifacts/store/${"3".repeat(32)}-old`;

/** Sends the Lab, beside something that nothing needs; what was registered is older than any submission under way. */
async function sendLab(): Promise<void> {
  expect(await stand.repx("sync")).toMatchObject({ exitCode: 0 });
  await cp(join(stand.basePath, "artifacts/store", DATA), join(stand.basePath, GARBAGE), { recursive: true });
  await mkdir(join(stand.basePath, "outputs", REPX_GEN, "out"), { recursive: true });
  await writeFile(join(stand.basePath, "outputs/completions.jsonl"), `{"id":"${REPX_GEN}","s":"ok"}\n`);
  await runCommand(["chown", "-R", `${stand.user.uid}:${stand.user.gid}`, stand.basePath]);
  await age();
}

async function age(): Promise<void> {
  const auto = join(stand.basePath, "gcroots/auto");
  const time = new Date(Date.now() - 2 * 3_600_000);
  for (const name of await readdir(auto, { recursive: true })) await utimes(join(auto, name), time, time);
}

async function list(path: string): Promise<readonly string[]> {
  const names: readonly string[] = await readdir(join(stand.basePath, path)).catch(() => []);
  return names.toSorted();
}

function parse({ stdout, stderr }: CommandOutput): Record<string, unknown> {
  if (stdout === "") throw new Error(`nothing on stdout\n${stderr}`);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
}

test("what a sync has sent stays with the outputs of its jobs, and the next sync finds it whole", async () => {
  await sendLab();
  const { exitCode, stdout, stderr } = await stand.repx("gc", "--yes");
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(
    /^cluster \(.*\): freed [0-9.]+ kB\n {2}store paths {2}1 {2}[0-9.]+ kB\nkept by 1 newest Lab\n$/,
  );
  expect(await list("artifacts/store")).toEqual([DATA, LINK]);
  expect(await list("outputs")).toEqual([REPX_GEN, "completions.jsonl"]);
  expect((await stand.repx("sync")).stdout).toContain(": nothing to send");
});

test("a dry run removes nothing, and without --yes nobody is asked where nobody is", async () => {
  await sendLab();
  const dry = await stand.repx("gc", "--dry-run");
  expect([dry.exitCode, dry.stdout]).toEqual([0, expect.stringContaining("would free")]);
  const unasked = await stand.repx("gc");
  expect(unasked).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("error[INPUT_MISSING]") });
  expect(await list("artifacts/store")).toHaveLength(3);
});

test("on a terminal it asks, and takes only a yes", async () => {
  await sendLab();
  const refused = await stand.repxOnTerminal(["gc"], [{ when: "[y/N] ", type: "\r" }]);
  expect(refused).toContain("Nothing was removed.");
  expect(await list("artifacts/store")).toHaveLength(3);
  const agreed = await stand.repxOnTerminal(["gc"], [{ when: "[y/N] ", type: "y\r" }]);
  expect(agreed).toContain("freed");
  expect(await list("artifacts/store")).toHaveLength(2);
});

test("a pin outlives the roots of its project, and without it everything goes but the log of ends", async () => {
  await sendLab();
  expect((await stand.repx("gc", "pin", "--name", "paper")).stdout).toMatch(/^Lab \w{8} is pinned as paper\n$/);
  expect((await stand.repx("gc", "--yes", "--pinned-only")).stdout).toContain("kept by 1 pin\n");
  expect(await list("artifacts/jobs")).toContain(REPX_PLOT);
  const listed = await stand.repx("gc", "list");
  expect(listed.stdout).toMatch(new RegExp(`^LAB +STATE +KIND +NAME\n${REPX_LAB_HASH} +pinned +pinned +paper\n$`));
  expect((await stand.repx("gc", "status", REPX_LAB_HASH.slice(0, 6))).stdout).toContain(": kept\n  pinned as paper\n");
  expect((await stand.repx("gc", "unpin", "paper")).exitCode).toBe(0);
  expect(await stand.repx("gc", "status")).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("no root") });
  await stand.repx("gc", "--yes", "--pinned-only");
  expect(await list("outputs")).toEqual(["completions.jsonl"]);
  for (const kind of ["store", "jobs", "labs", "images/layers"]) expect(await list(`artifacts/${kind}`)).toEqual([]);
});

test("a Lab that the target does not know cannot be pinned", async () => {
  await stand.repx("sync", "--dry-run");
  const unknown = await stand.repx("gc", "pin");
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("error[GC_ROOT_UNKNOWN]") });
});

test("flags and names that change nothing are refused", async () => {
  for (const words of [
    ["list", "--yes"],
    ["unpin", "x", "--name", "y"],
    ["list", "x"],
    ["--name", "x"],
  ]) {
    const output = await stand.repx("gc", ...words);
    expect(output).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("has no use for") });
  }
  expect((await stand.repx("gc", "unpin")).stderr).toContain("error[INPUT_MISSING]");
});

test("--json is one object with keys that are documented", async () => {
  await sendLab();
  const page = await readFile(join(REPOSITORY_ROOT, "docs/cli.md"), "utf8");
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["| `gc` |", ["--dry-run"]],
    ["| `gc` |", ["--yes"]],
    ["| `gc list` |", ["list"]],
    ["| `gc status` |", ["status"]],
    ["| `gc pin`, `gc unpin` |", ["pin", "--name", "x"]],
    ["| `gc pin`, `gc unpin` |", ["unpin", "x"]],
  ];
  for (const [row, words] of lines) {
    const told = parse(await stand.repx("gc", ...words, "--json"));
    const documented = page.split("\n").find((line) => line.startsWith(row)) ?? "";
    const keys = [...documented.matchAll(/`(\w+)`/g)].map(([, word]) => word);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(told)));
    expect(told["target"]).toMatchObject({ name: "cluster", basePath: stand.basePath });
  }
});

test("a sync and gc at the same time leave the Lab whole, whichever is first", async () => {
  for (let round = 0; round < 4; round += 1) {
    await sendLab();
    // Nothing but the sync that begins now keeps it.
    await rm(join(stand.basePath, "gcroots/auto"), { recursive: true });
    const [synced, collected] = await Promise.all([stand.repx("sync"), collectSoon(round * 150)]);
    expect([synced.exitCode, collected.exitCode, synced.stderr]).toEqual([0, 0, ""]);
    expect(await list("artifacts/store")).toEqual(expect.arrayContaining([DATA, LINK]));
    expect(await list("artifacts/jobs")).toHaveLength(5);
    expect((await stand.repx("sync")).stdout).toContain(": nothing to send");
  }
});

async function collectSoon(milliseconds: number): Promise<CommandOutput> {
  await new Promise((resolve) => void setTimeout(resolve, milliseconds));
  return stand.repx("gc", "--yes");
}
