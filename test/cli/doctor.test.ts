// `repx doctor` against a real sshd, as a researcher runs it.
import { chmod, chown, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import type { CommandOutput } from "../harness/command.ts";
import { runCommand } from "../harness/command.ts";
import { findFreePort } from "../harness/free-port.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { startSlurmCluster } from "../harness/slurm-cluster.ts";
import { startSshServer, writeClientKey } from "../harness/ssh-server.ts";
import { startTargetStand, type TargetStand, type TerminalAnswer } from "./target-stand.ts";

let stand: TargetStand;

beforeAll(async () => {
  stand = await startTargetStand();
});
afterAll(async () => stand[Symbol.asyncDispose]());
beforeEach(async () => {
  await stand.writeConfig();
  await writeFile(join(stand.home, ".ssh/known_hosts"), stand.ssh.knownHosts);
});

const Diagnosis = z.object({
  target: z.object({ name: z.string(), where: z.string().nullable(), basePath: z.string() }).nullable(),
  checks: z.array(z.object({ name: z.string(), status: z.string(), message: z.string(), next: z.string().optional() })),
});
type Diagnosis = z.infer<typeof Diagnosis>;

function parse({ stdout, stderr }: CommandOutput): Diagnosis {
  if (stdout === "") throw new Error(`nothing on stdout\n${stderr}`);
  return Diagnosis.parse(JSON.parse(stdout));
}

function findFailed({ checks }: Diagnosis): Diagnosis["checks"] {
  return checks.filter(({ status }) => status === "failed");
}

function makeAnswer(type: string): TerminalAnswer[] {
  return [{ when: "Is it the host's?", type }];
}

async function diagnose(...words: readonly string[]): Promise<{ exitCode: number; diagnosis: Diagnosis }> {
  const output = await stand.repx("doctor", "--json", ...words);
  return { exitCode: output.exitCode, diagnosis: parse(output) };
}

test("a good target passes, and nothing is left on it", async () => {
  const { exitCode, stdout, stderr } = await stand.repx("doctor");
  expect([exitCode, stderr]).toEqual([0, ""]);
  const lines = stdout.split("\n");
  expect(lines[0]).toBe(`✓ config       target cluster of ${stand.project}/.repx/config.toml`);
  expect(lines[1]).toBe(`✓ route        ${stand.user.name}@127.0.0.1:${stand.ssh.port}`);
  expect(lines[2]).toMatch(/^✓ connection {3}open after [0-9.]+ s$/);
  expect(stdout).toContain(`✓ base path    ${stand.basePath} can be written by ${stand.user.name}`);
  expect(stdout).toContain("✓ hard links   work");
  expect(stdout).not.toContain("✗");
  expect(lines.at(-2)).toMatch(/^Nothing stands in the way: /);
  expect(await readdir(stand.basePath)).toEqual([]);
});

test("the same as JSON, for programs", async () => {
  const { diagnosis } = await diagnose();
  const where = `${stand.user.name}@127.0.0.1:${stand.ssh.port}`;
  expect(diagnosis.target).toEqual({ name: "cluster", where, basePath: stand.basePath });
  expect(diagnosis.checks).toHaveLength(17);
});

test("an unknown host key comes with its fingerprint and the line to add", async () => {
  await writeFile(join(stand.home, ".ssh/known_hosts"), "");
  const { exitCode, diagnosis } = await diagnose();
  const [check] = findFailed(diagnosis);
  expect([exitCode, check?.name]).toEqual([1, "host key"]);
  expect(check?.message).toContain(stand.ssh.hostKeyFingerprint);
  expect(check?.next).toContain(stand.ssh.knownHosts.trim());
  const statuses = new Map(diagnosis.checks.map(({ name, status }) => [name, status]));
  expect([statuses.get("connection"), statuses.get("login key")]).toEqual(["ok", "skipped"]);
});

test("a changed host key is never accepted, whatever is asked for", async () => {
  const other = await writeClientKey(join(stand.home, "other"));
  const [type, key] = other.publicKey.split(" ");
  await writeFile(join(stand.home, ".ssh/known_hosts"), `[127.0.0.1]:${stand.ssh.port} ${type} ${key}\n`);
  const stdout = await stand.repxOnTerminal(["doctor", "--accept-new-host-key"], []);
  expect(stdout).toContain("SSH_HOST_KEY_MISMATCH");
  expect(await readFile(join(stand.home, ".ssh/known_hosts"), "utf8")).not.toContain(stand.ssh.knownHosts.trim());
});

test("a key that is refused", async () => {
  const stranger = await writeClientKey(join(stand.home, "stranger"));
  await stand.writeConfig(`identity_file = "${stranger.privateKeyPath}"`);
  const home = join(stand.home, ".ssh/id_ed25519");
  await rm(home);
  const { exitCode, diagnosis } = await diagnose();
  await writeFile(home, stand.ssh.privateKey, { mode: 0o600 });
  expect([exitCode, findFailed(diagnosis).map(({ name }) => name)]).toEqual([1, ["login key"]]);
  expect(findFailed(diagnosis)[0]?.message).toContain("SSH_KEY_REFUSED");
});

test("a host that does not answer", async () => {
  await stand.writeConfig();
  const config = join(stand.project, ".repx/config.toml");
  await writeFile(config, (await readFile(config, "utf8")).replace(/port = \d+/, `port = ${await findFreePort()}`));
  const { exitCode, diagnosis } = await diagnose();
  expect([exitCode, findFailed(diagnosis).map(({ name }) => name)]).toEqual([1, ["connection"]]);
  expect(diagnosis.target).toEqual({ name: "cluster", where: null, basePath: stand.basePath });
});

test.each([
  ["of another user", async (path: string) => mkdir(path, { mode: 0o755 }), "cannot write to"],
  ["that is a file", async (path: string) => writeFile(path, ""), "is not a folder"],
])("a base path %s", async (name, make, message) => {
  const path = join(stand.home, "..", name.replaceAll(" ", "-"));
  await make(path);
  await stand.writeConfig(`base_path = "${path}"`);
  const { exitCode, diagnosis } = await diagnose();
  const [check, ...more] = findFailed(diagnosis);
  expect([exitCode, check?.name, more]).toEqual([1, "base path", []]);
  expect(check?.message).toContain(message);
  expect(check?.next).toBeDefined();
});

test("a base path that is not there is not made, and one behind a link is named", async () => {
  const link = join(stand.basePath, "..", "link");
  await symlink(stand.basePath, link);
  await stand.writeConfig(`base_path = "${link}"`);
  const linked = (await diagnose()).diagnosis;
  expect(linked.checks.find(({ name }) => name === "base path")?.message).toContain(`a link to ${stand.basePath}`);
  await stand.writeConfig(`base_path = "${stand.basePath}/new/place"`);
  const { exitCode, diagnosis } = await diagnose();
  expect(exitCode).toBe(0);
  expect(diagnosis.checks.find(({ name }) => name === "base path")?.message).toContain(`made in ${stand.basePath}`);
  expect(await readdir(stand.basePath)).toEqual([]);
});

test("a folder in the base path that another user made", async () => {
  const outputs = join(stand.basePath, "outputs");
  await mkdir(outputs, { mode: 0o755 });
  try {
    const [check] = findFailed((await diagnose()).diagnosis);
    expect(check?.message).toContain("cannot write to outputs");
  } finally {
    await rm(outputs, { recursive: true });
  }
});

test("without tar on the target's PATH it says so, and all else is checked", async () => {
  await using scratch = await startScratchFolder();
  await chmod(scratch.path, 0o755);
  const bin = join(scratch.path, "bin");
  await mkdir(bin);
  const tools =
    "awk cat chmod curl cut date dd df env find grep head id ln mkdir mkfifo mv nohup nproc readlink rm rmdir sed setsid " +
    "sha256sum sleep sort stat tail timeout touch tr uname wc xargs";
  await symlink("/bin/sh", join(bin, "sh"));
  for (const tool of tools.split(" ")) await symlink(`/usr/bin/${tool}`, join(bin, tool));
  await using ssh = await startSshServer({
    folder: join(scratch.path, "sshd"),
    user: stand.user,
    environment: { PATH: bin },
  });
  await writeFile(join(stand.home, ".ssh/known_hosts"), ssh.knownHosts);
  await stand.writeConfig(`identity_file = "${ssh.privateKeyPath}"`);
  const config = join(stand.project, ".repx/config.toml");
  await writeFile(config, (await readFile(config, "utf8")).replace(/port = \d+/, `port = ${ssh.port}`));
  const { exitCode, diagnosis } = await diagnose();
  const [check, ...more] = findFailed(diagnosis);
  expect([exitCode, check?.name, check?.message, more]).toEqual([1, "tools", "not on the PATH: tar", []]);
  expect(diagnosis.checks.find(({ name }) => name === "hard links")?.status).toBe("ok");
});

test("a shell that prints is named, and does no harm", async () => {
  const rc = join(stand.user.home, ".bashrc");
  await writeFile(rc, "echo Welcome to the cluster\n");
  try {
    const { exitCode, diagnosis } = await diagnose();
    expect(exitCode).toBe(0);
    expect(diagnosis.checks.find(({ name }) => name === "login shell")).toMatchObject({
      status: "warning",
      message: expect.stringContaining('prints "Welcome to the cluster"'),
    });
  } finally {
    await rm(rc);
  }
});

describe("the coordinator", () => {
  test("that answers here and to the target passes; one that does not is told", async () => {
    const port = await findFreePort();
    const server = createServer((_, answer) => void answer.end('{"ok":true}')).listen(port, "127.0.0.1");
    const { exitCode, diagnosis } = await diagnose("--coordinator", `http://127.0.0.1:${port}`);
    server.close();
    expect([exitCode, diagnosis.checks.at(-1)]).toEqual([
      0,
      { name: "coordinator", status: "ok", message: `http://127.0.0.1:${port} answers here and to the target` },
    ]);
    const gone = await diagnose("--coordinator", `http://127.0.0.1:${port}`);
    expect(findFailed(gone.diagnosis).map(({ name }) => name)).toEqual(["coordinator"]);
  });

  test("is named by its origin, and its word is encrypted", async () => {
    for (const address of ["repx.example.org", "http://repx.example.org"]) {
      const output = await stand.repx("doctor", "--coordinator", address);
      const stderr = expect.stringContaining("error[INPUT_INVALID]: --coordinator is not ");
      expect(output).toMatchObject({ exitCode: 2, stdout: "", stderr });
    }
  });
});

describe("a host's key that nobody knows", () => {
  beforeEach(async () => writeFile(join(stand.home, ".ssh/known_hosts"), ""));

  test("is remembered when a person writes yes, and the target is checked on", async () => {
    const stdout = await stand.repxOnTerminal(["doctor", "--accept-new-host-key"], makeAnswer("yes\r"));
    expect(stdout).toContain(`ssh-ed25519 ${stand.ssh.hostKeyFingerprint}`);
    expect(stdout).toContain("Nothing stands in the way");
    expect(await readFile(join(stand.home, ".ssh/known_hosts"), "utf8")).toBe(stand.ssh.knownHosts);
  });

  test.each(["y\r", "no\r", "\r", "\u0004"])("is refused when the answer is %j", async (typed) => {
    const stdout = await stand.repxOnTerminal(["doctor", "--accept-new-host-key"], makeAnswer(typed));
    expect(stdout).toContain("SSH_HOST_KEY_UNKNOWN");
    expect(await readFile(join(stand.home, ".ssh/known_hosts"), "utf8")).toBe("");
  });

  test("is asked for no longer when the server has closed the connection", async () => {
    await using late = await startTargetStand({ extraConf: "LoginGraceTime 1" });
    const known = join(late.home, ".ssh/known_hosts");
    await writeFile(known, "");
    const stdout = await late.repxOnTerminal(["doctor", "--accept-new-host-key"], []);
    expect(stdout).toContain("Write yes to remember it");
    expect(stdout).toContain("closed the connection before the question");
    expect(await readFile(known, "utf8")).toBe("");
    await writeFile(known, late.ssh.knownHosts);
    const key = join(late.home, ".ssh/id_ed25519");
    await runCommand(["ssh-keygen", "-q", "-p", "-N", "open sesame", "-f", key]);
    const locked = await late.repxOnTerminal(["doctor"], []);
    expect(locked).toContain("Passphrase of ");
    expect(locked).toContain("closed the connection before the question");
  });

  test("without a terminal nobody can be asked: the line to add is told", async () => {
    const { diagnosis, exitCode } = await diagnose("--accept-new-host-key");
    const [check] = findFailed(diagnosis);
    expect([exitCode, check?.name]).toEqual([1, "host key"]);
    expect(check?.message).toContain("INPUT_INVALID");
    expect(check?.next).toContain(stand.ssh.knownHosts.trim());
    expect(await readFile(join(stand.home, ".ssh/known_hosts"), "utf8")).toBe("");
  });
});

test("a real cluster: partitions, arrays, epilog, as they are", async () => {
  await using scratch = await startScratchFolder();
  await chmod(scratch.path, 0o755);
  const epilog = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog");
  const { user } = stand;
  await using cluster = await startSlurmCluster({ folder: join(scratch.path, "slurm"), user, nodes: 1, epilog });
  await using there = await startTargetStand({ environment: cluster.environment });
  await there.writeConfig('default_scheduler = "slurm"');
  const good = parse(await there.repx("doctor", "--json"));
  const messages = new Map(good.checks.map(({ name, status, message }) => [name, `${status}: ${message}`]));
  expect(messages.get("scheduler")).toMatch(
    /^ok: slurm[^ ]* 2\S+; partitions compute \(default\), short; no accounting$/,
  );
  expect(messages.get("arrays")).toBe("ok: MaxArraySize is 10001");
  expect(messages.get("epilog")).toMatch(/^warning: .*epilog-slurmctld may call it$/);
  const next = good.checks.find(({ name }) => name === "epilog")?.next;
  expect(next).toContain("sudo packages/core/epilog/repx-epilog-kit install");
  expect(messages.get("relay")).toBe("ok: none is needed now");
  const relay = join(there.basePath, "submissions/s1");
  await mkdir(relay, { recursive: true });
  await chown(join(there.basePath, "submissions"), user.uid, user.gid);
  await writeFile(join(relay, "relay.pid"), `4194304 ${(await there.user.run(["uname", "-n"])).stdout}`);
  await cluster.stopController();
  const down = parse(await there.repx("doctor", "--json"));
  expect(findFailed(down).map(({ name }) => name)).toEqual(["scheduler"]);
  expect(down.checks.find(({ name }) => name === "relay")?.message).toContain("s1 was killed");
});

test("on this machine, by a path, there is no way to check", async () => {
  const { exitCode, diagnosis } = await diagnose("--target", stand.basePath);
  const target = { name: "base", where: "this machine", basePath: stand.basePath };
  expect([exitCode, diagnosis.target]).toEqual([0, target]);
  expect(diagnosis.checks.find(({ name }) => name === "connection")?.status).toBe("skipped");
});

test("without any config file it says where one goes", async () => {
  await rm(join(stand.project, ".repx/config.toml"));
  const { exitCode, diagnosis } = await diagnose();
  expect([exitCode, diagnosis.target, findFailed(diagnosis)[0]?.name]).toEqual([1, null, "config"]);
});
