// `repx sync` to a real sshd, as a researcher runs it, with Labs as RepX lays them out.
import { chown, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { REPX_LAB_HASH, REPX_PLOT, writeRepxLab } from "../../packages/core/src/lab/repx-lab.fixture.ts";
import { runCommand, type CommandOutput } from "../harness/command.ts";
import { DATA, IMAGE, LAYER_HASH, LINK, makeStoredLab, writeStoredLab } from "./stored-lab.ts";
import { startTargetStand, type TargetStand } from "./target-stand.ts";

let stand: TargetStand;
let lab: string;

beforeAll(async () => {
  stand = await startTargetStand();
  lab = await writeStoredLab(stand.project);
});
afterAll(async () => stand[Symbol.asyncDispose]());
beforeEach(async () => {
  await stand.writeConfig();
  await rm(stand.basePath, { recursive: true });
  await mkdir(stand.basePath);
  await chown(stand.basePath, stand.user.uid, stand.user.gid);
});

const Sync = z.object({
  lab: z.string(),
  runs: z.array(z.string()),
  target: z.object({ name: z.string(), where: z.string(), basePath: z.string() }),
  parts: z.array(z.object({ kind: z.string(), total: z.number(), missing: z.number() })),
  dryRun: z.boolean(),
  wouldSend: z.object({ bytes: z.number(), files: z.number() }).optional(),
  sent: z.object({ bytes: z.number(), files: z.number(), sentBytes: z.number(), seconds: z.number() }).optional(),
});

async function sync(...words: readonly string[]): Promise<z.infer<typeof Sync>> {
  const { exitCode, stdout, stderr } = await stand.repx("sync", "--json", "--lab", lab, ...words);
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}\n${stderr}`);
  return Sync.parse(JSON.parse(stdout));
}

async function syncAsText(...words: readonly string[]): Promise<CommandOutput> {
  return stand.repx("sync", "--lab", lab, ...words);
}

function findMissing({ parts }: z.infer<typeof Sync>): Record<string, number> {
  return Object.fromEntries(parts.map(({ kind, missing }) => [kind, missing]));
}

async function listBase(path = ""): Promise<string[]> {
  return (await readdir(join(stand.basePath, path))).toSorted();
}

test("a Lab arrives whole: store paths, jobs, images, host tools, programs, metadata", async () => {
  const { exitCode, stdout, stderr } = await syncAsText();
  expect([exitCode, stderr]).toEqual([0, ""]);
  const where = `${stand.user.name}@127.0.0.1:${stand.ssh.port}`;
  expect(stdout).toMatch(
    new RegExp(
      [
        `^Lab ${REPX_LAB_HASH.slice(0, 8)}: sent to cluster \\(${where}\\)`,
        "  store paths   2 sent",
        "  jobs          5 sent",
        "  image layers  1 sent",
        "  images        1 sent",
        "  host tools    1 sent",
        "  programs      1 sent",
        "  metadata      1 sent",
        "  \\d+ files, [0-9.]+ kB in [0-9.]+ s \\([0-9.]+ .?B/s\\); [0-9.]+ kB on the way\n$",
      ].join("\n"),
    ),
  );
  const { basePath } = stand;
  expect(await listBase("artifacts/store")).toEqual([DATA, LINK]);
  expect((await stat(join(basePath, "artifacts/store", LINK, "tool"))).mode & 0o777).toBe(0o555);
  expect(await listBase("artifacts/jobs")).toHaveLength(5);
  expect(await listBase("artifacts/labs")).toEqual([REPX_LAB_HASH]);
  const [tools = ""] = await listBase("host-tools");
  expect(tools).toMatch(/^[0-9a-f]{64}$/);
  expect(await readFile(join(basePath, "host-tools", tools, "bin/jq"), "utf8")).toContain("jq");
  const shown = join(basePath, "artifacts", IMAGE, LAYER_HASH, "layer.tar");
  expect(await realpath(shown)).toBe(await realpath(join(basePath, `artifacts/images/layers/${LAYER_HASH}.tar`)));
  expect(await readFile(shown, "utf8")).toBe("layer\n");
  expect(await listBase("artifacts/.staging")).toEqual([]);
});

test("the second time there is nothing to send", async () => {
  await sync();
  const { exitCode, stdout } = await syncAsText();
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Lab \w+: nothing to send\n {2}store paths {3}2 there already\n/);
  const again = await sync();
  expect(Object.values(findMissing(again)).every((missing) => missing === 0)).toBe(true);
  expect(again.sent).toMatchObject({ bytes: 0, files: 0, sentBytes: 0 });
});

test("what is missing on the target is sent again, and nothing else", async () => {
  await sync();
  const { basePath } = stand;
  await runCommand(["chmod", "-R", "u+w", basePath]);
  await rm(join(basePath, "artifacts/images/layers"), { recursive: true });
  await rm(join(basePath, "artifacts/jobs", REPX_PLOT), { recursive: true });
  const again = await sync();
  expect(findMissing(again)).toEqual({
    "store paths": 0,
    jobs: 1,
    "image layers": 1,
    images: 0,
    "host tools": 0,
    programs: 0,
    metadata: 0,
  });
  expect(again.sent?.files).toBe(4);
});

test("a dry run says how much it would be, and leaves the target as it is", async () => {
  await stand.writeConfig(`base_path = "${stand.basePath}/new/base"`);
  expect((await sync("--dry-run")).dryRun).toBe(true);
  await stand.writeConfig();
  const planned = await sync("--dry-run");
  expect(await listBase()).toEqual([]);
  const { sent } = await sync();
  expect({ bytes: sent?.bytes, files: sent?.files }).toEqual(planned.wouldSend);
  expect((await syncAsText("-n")).stdout).toContain(": nothing to send");
});

test("of a run only its jobs and its image go, with what it needs", async () => {
  const plot = await sync("plot-run");
  expect(plot.runs).toEqual(["plot-run"]);
  expect(await listBase("artifacts/jobs")).toEqual([REPX_PLOT]);
});

describe("a Lab in one file", () => {
  test.each([
    ["tar", ["tar", "-cf"]],
    ["zstd tar", ["tar", "--zstd", "-cf"]],
  ])("a %s is sent as its folder is", async (name, argv) => {
    const archive = join(stand.project, `${name.replace(" ", "-")}.lab`);
    await runCommand([...argv, archive, "-C", join(lab, ".."), "22222222222222222222222222222222-hpc-experiment-lab"]);
    // Its software is looked for in /nix/store, where it is not.
    const refused = await stand.repx("sync", "--lab", archive);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("error[LAB_STORE_PATH_MISSING]") });
    await sync();
    await rm(join(stand.basePath, "artifacts/jobs"), { recursive: true });
    const { exitCode, stdout } = await stand.repx("sync", "--lab", archive);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("jobs          5 sent")]);
    expect(await listBase("artifacts/jobs")).toHaveLength(5);
  });
});

describe("what stands in the way ends with its code, and leaves the target as it was", () => {
  test("no Lab here", async () => {
    const { exitCode, stdout, stderr } = await stand.repx("sync");
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error\[LAB_MISSING\]: no Lab is named, and there is no \.\/result\n {2}hint: Build it/);
  });

  test("a run that is not in the Lab", async () => {
    expect(await syncAsText("plots")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("LAB_RUN_UNKNOWN"),
    });
  });

  test("a Lab that somebody changed", async () => {
    const path = join(lab, "readme/README.md");
    await writeFile(path, "changed\n");
    const output = await syncAsText();
    await writeFile(path, "# Lab\n");
    expect(output).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("error[LAB_INVALID]") });
  });

  test("a name that nobody knows, before the Lab is read to its end", async () => {
    const path = join(lab, "readme/README.md");
    await writeFile(path, "changed\n");
    const unknown = await syncAsText("plots");
    await writeFile(path, "# Lab\n");
    expect(unknown.stderr).toContain("LAB_RUN_UNKNOWN");
    expect((await stand.repx("sync", "--target", "clustre")).stderr).toContain("CONFIG_TARGET_UNKNOWN");
  });

  test("a target that nobody knows", async () => {
    const output = await syncAsText("--target", "clustre");
    expect(output).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("Did you mean cluster?") });
  });

  test("an unknown host key", async () => {
    const known = join(stand.home, ".ssh/known_hosts");
    await writeFile(known, "");
    const output = await syncAsText();
    const flagged = await syncAsText("--accept-new-host-key");
    await writeFile(known, stand.ssh.knownHosts);
    expect(output).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("error[SSH_HOST_KEY_UNKNOWN]") });
    expect(flagged).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("error[INPUT_INVALID]") });
    expect(flagged.stderr).toContain(stand.ssh.knownHosts.trim());
  });

  test("a base path that may not be written", async () => {
    await chown(stand.basePath, 0, 0);
    const output = await syncAsText();
    expect(output).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("SYNC_BASE_PATH_NOT_WRITABLE") });
    expect(await listBase()).toEqual([]);
  });

  test("a host that is down", async () => {
    await stand.ssh.stop();
    const output = await syncAsText();
    await stand.ssh.start();
    expect(output).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("error[SSH_UNREACHABLE]") });
  });
});

test("on a terminal a passphrase is asked for and never shown, and a wrong one again", async () => {
  const key = join(stand.home, ".ssh/id_ed25519");
  await runCommand(["ssh-keygen", "-q", "-p", "-N", "open sesame", "-f", key]);
  try {
    const stdout = await stand.repxOnTerminal(
      ["sync", "--lab", lab],
      [
        { when: "Passphrase of ", type: "wrong\r" },
        { when: "Passphrase of ", type: "open sesamf\u007fe\r" },
      ],
    );
    expect(stdout).toContain("sent to cluster");
    expect(stdout).not.toContain("sesam");
    const unasked = await syncAsText();
    expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("passphrase") });
  } finally {
    await runCommand(["ssh-keygen", "-q", "-p", "-P", "open sesame", "-N", "", "-f", key]);
  }
});

test("what a person should know of the Lab is told on stderr", async () => {
  const old = join(lab, "../33333333333333333333333333333333-old-lab");
  const files = makeStoredLab();
  const top = "revision/metadata-top.json";
  files.set(top, JSON.stringify(files.get(top)).replace('{"json":', "").replace("0.5.0", "0.4.2").slice(0, -1));
  await writeRepxLab(old, files);
  const { exitCode, stderr } = await stand.repx("sync", "--lab", old, "--dry-run");
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^warning: The Lab was made by RepX 0\.4\.2; .*\n$/)]);
});

test("by a path, this machine is the target", async () => {
  const folder = join(stand.project, "here");
  await mkdir(folder);
  const { exitCode, stdout } = await syncAsText("--target", "./here");
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`sent to ${folder}`)]);
  expect(await readdir(join(folder, "artifacts/store"))).toEqual([DATA, LINK]);
});
