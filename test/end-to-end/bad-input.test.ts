import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { findFreePort } from "../harness/free-port.ts";
import { startSshServer, writeClientKey } from "../harness/ssh-server.ts";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { Experiment, World } from "../harness/world.ts";

let world: World;
let experiment: Experiment;

beforeAll(async () => {
  world = await makeTemporaryWorld("bad-input");
  experiment = await world.openExperiment("bad-input");
});
afterAll(async () => world[Symbol.asyncDispose]());

interface Refusal {
  readonly code: string;
  /** What the message must name: the value that was wrong. */
  readonly names: string | RegExp;
  readonly exitCode?: number;
}

/** Runs the Action with something wrong and expects code, message and hint, and that nothing reached SLURM. */
async function expectRefusal(
  inputs: Readonly<Record<string, string>>,
  { code, names, exitCode = 2 }: Refusal,
): Promise<void> {
  onTestFailed(async () => console.log(await world.readLogs()));
  const run = await world.runAction(experiment, { inputs });
  // What Nix says of a line of a file has no title.
  const told = run.annotations.filter(({ file }) => file === undefined);
  expect(
    told.map(({ title, level }) => ({ title, level })),
    run.log,
  ).toEqual([{ title: code, level: "error" }]);
  expect(told[0]?.message).toMatch(names);
  expect(told[0]?.message).toMatch(/\nhint: ./);
  expect(run.exitCode).toBe(exitCode);
  expect(run.summary).toContain(code);
  expect(await listQueue()).toBe("");
}

async function listQueue(): Promise<string> {
  return (await world.cluster.run(["squeue", "-h"])).stdout;
}

async function writeConfig(lines: readonly string[]): Promise<string> {
  const name = `config-${lines.join("").length}.toml`;
  await writeFile(join(experiment.checkout.folder, name), `${lines.join("\n")}\n`);
  return name;
}

const target = (host: string, port: number, basePath: string): string[] => [
  "[targets.cluster]",
  `address = "${world.user.name}@${host}"`,
  `port = ${port}`,
  `base_path = "${basePath}"`,
  'default_scheduler = "slurm"',
];

test("a run that the Lab does not have is refused with the runs that it has", async () => {
  await expectRefusal({ runs: "simulaton" }, { code: "LAB_RUN_UNKNOWN", names: /simulaton/ });
});

test("a folder that is neither a Lab nor a flake is refused", async () => {
  await mkdir(join(experiment.checkout.folder, "empty"));
  await expectRefusal({ lab: "empty" }, { code: "LAB_INVALID", names: /empty/ });
});

test("a flake that does not evaluate is refused with Nix's own words", async () => {
  const folder = join(experiment.checkout.folder, "broken");
  await mkdir(folder);
  await writeFile(
    join(folder, "flake.nix"),
    "{ outputs = { self }: { packages.x86_64-linux.default = 1 + true; }; }\n",
  );
  await expectRefusal(
    { lab: "path:./broken" },
    { code: "NIX_BUILD_FAILED", names: /cannot (coerce|add)|boolean|Boolean|integer/ },
  );
});

test("a target that the config file does not have is refused with those that it has", async () => {
  await expectRefusal({ target: "clutser" }, { code: "CONFIG_TARGET_UNKNOWN", names: /clutser/ });
});

test("a config file that is not there is refused", async () => {
  await expectRefusal({ config: "nowhere.toml" }, { code: "CONFIG_MISSING", names: /nowhere\.toml/ });
});

test("a host that nobody answers for is refused", async () => {
  const port = await findFreePort();
  const config = await writeConfig(target("127.0.0.1", port, world.basePath));
  await expectRefusal(
    { config, "known-hosts": world.ssh.knownHosts },
    { code: "SSH_UNREACHABLE", names: new RegExp(`127\\.0\\.0\\.1:${port}`), exitCode: 3 },
  );
});

test("a host whose key is not in known-hosts is refused with the line to add", async () => {
  await expectRefusal(
    {
      "known-hosts":
        "other.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlCO2p6pAQ0DmV3M3oTYiDOVAR3ajyZWdnYRGZyZq3a",
    },
    { code: "SSH_HOST_KEY_UNKNOWN", names: /SHA256:/ },
  );
});

test("I-41: a host whose key changed is refused with both fingerprints", async () => {
  const known = `[127.0.0.1]:${world.ssh.port} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlCO2p6pAQ0DmV3M3oTYiDOVAR3ajyZWdnYRGZyZq3a`;
  await expectRefusal({ "known-hosts": known }, { code: "SSH_HOST_KEY_MISMATCH", names: /SHA256:[^]*SHA256:/ });
});

test("a key that the host does not know is refused", async () => {
  const stranger = await writeClientKey(join(experiment.checkout.folder, "stranger"));
  await expectRefusal(
    { "ssh-key": stranger.privateKey },
    { code: "SSH_KEY_REFUSED", names: new RegExp(world.user.name) },
  );
});

test("a text that is no private key is refused and not shown", async () => {
  await expectRefusal({ "ssh-key": "hunter2-hunter2-hunter2" }, { code: "SSH_KEY_INVALID", names: /^(?!.*hunter2)/s });
});

test("a base path that the user may not write to is refused before anything is registered", async () => {
  const closed = join(world.basePath, "../closed");
  await mkdir(closed);
  await chmod(closed, 0o755);
  const config = await writeConfig(target("127.0.0.1", world.ssh.port, closed));
  await expectRefusal({ config }, { code: "SYNC_BASE_PATH_NOT_WRITABLE", names: /closed/ });
});

test("a coordinator that is down stops the Action before anything is sent, and leaves nothing behind", async () => {
  const port = await findFreePort();
  const before = await listSubmissions();
  await expectRefusal(
    { coordinator: `http://127.0.0.1:${port}` },
    { code: "COORD_UNREACHABLE", names: new RegExp(`${port}`), exitCode: 5 },
  );
  expect(await listSubmissions()).toEqual(before);
});

test("a token for another audience is refused by the coordinator", async () => {
  await expectRefusal(
    { coordinator: `http://localhost:${world.coordinator.port}` },
    { code: "AUTH_AUDIENCE_WRONG", names: /localhost/ },
  );
});

test("a workflow without id-token: write is told so", async () => {
  const run = await world.runAction(experiment, { environment: { ACTIONS_ID_TOKEN_REQUEST_URL: "" } });
  expect(run.annotations[0]).toMatchObject({ title: "AUTH_ID_TOKEN_MISSING" });
  expect(run.annotations[0]?.message).toContain("id-token: write");
  expect(run.exitCode).toBe(2);
});

test("a target whose user has no sbatch is told before anything is registered", async () => {
  const programs = join(experiment.checkout.folder, "programs-without-slurm");
  await mkdir(programs);
  for (const name of await readdir("/usr/bin")) {
    if (name !== "sbatch") await symlink(join("/usr/bin", name), join(programs, name));
  }
  await using login = await startSshServer({
    folder: join(experiment.checkout.folder, "ssh"),
    user: world.user,
    environment: { PATH: programs },
  });
  const config = await writeConfig(target(login.host, login.port, join(world.basePath, "empty")));
  const keys = { "ssh-key": login.privateKey, "known-hosts": login.knownHosts };
  await expectRefusal({ config, ...keys }, { code: "SLURM_MISSING", names: /no sbatch/ });
});

test("what no partition of the target can give is told, all of it, before anything is registered", async () => {
  const resources = "resources-impossible.toml";
  const rules = [
    "[defaults]",
    'partition = "shrot"',
    "[[rules]]",
    'job_id_glob = "*-threshold-*"',
    'partition = "short"',
    'time = "1:00:00"',
    'mem = "900G"',
  ];
  await writeFile(join(experiment.checkout.folder, resources), `${rules.join("\n")}\n`);
  const names =
    /15 jobs.*no partition shrot; did you mean short\?[^]*1 job.*time 01:00:00 is over[^]*1 job.*mem 900G is over/;
  await expectRefusal({ resources }, { code: "SLURM_UNSATISFIABLE", names });
  expect(await world.github.readCheckRuns(experiment.pullRequest.headSha)).toEqual([]);
});

test("what sbatch refuses is told, nothing stays queued, and the checks are closed", async () => {
  const resources = "resources-refused.toml";
  const text = '[defaults]\nsbatch_opts = ["--reservation=no-such-reservation"]\n';
  await writeFile(join(experiment.checkout.folder, resources), text);
  await expectRefusal({ resources }, { code: "SLURM_REJECTED", names: /reservation/i, exitCode: 4 });
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 30);
  expect(checks.map((check) => check.conclusion)).toEqual(["cancelled", "cancelled"]);
  expect(checks[0]?.output.title).toContain("cancelled");
});

async function listSubmissions(): Promise<string[]> {
  return readdir(join(world.basePath, "submissions")).catch(() => []);
}
