import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tryCommand } from "../harness/command.ts";
import { killProcesses, readProcess, readTree } from "../harness/process.ts";
import { NODE, REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { isInstalledFrom, planSetup, PROGRAMS } from "../../scripts/setup.mjs";

const READY = { isRoot: true, isDebian: true, hasPlatform: true, missing: [], lockHash: "a", installedHash: "a" };
const NIX = { program: "nix", debian: "nix-bin" };
const SETUP = join(REPOSITORY_ROOT, "scripts/setup.mjs");

test("the README names every Debian package that is installed", async () => {
  const [, list = ""] =
    /the Debian packages `([^`]*)`/.exec(await readFile(join(REPOSITORY_ROOT, "README.md"), "utf8")) ?? [];
  expect(list.split(" ").toSorted()).toEqual([...new Set(PROGRAMS.map(({ debian }) => debian))].toSorted());
});

test("does nothing where all is there", () => {
  expect(planSetup(READY)).toEqual({ npm: false, debian: [] });
  expect(planSetup({ ...READY, isDebian: false })).toEqual({ npm: false, debian: [] });
});

test("installs npm packages when they are missing or another lock file's", () => {
  expect(planSetup({ ...READY, installedHash: undefined })).toEqual({ npm: true, debian: [] });
  expect(planSetup({ ...READY, installedHash: "b" })).toEqual({ npm: true, debian: [] });
});

test("installs each missing Debian package once, and no other", () => {
  const missing = [NIX, { program: "nix-build", debian: "nix-bin" }, { program: "curl", debian: "curl" }];
  expect(planSetup({ ...READY, missing })).toEqual({ npm: false, debian: ["nix-bin", "curl"] });
});

test("says in one message what stands in the way and which command helps", () => {
  expect(planSetup({ ...READY, isRoot: false, isDebian: false, missing: PROGRAMS })).toMatchInlineSnapshot(`
    {
      "problem": "repx: cannot set up here: you are not root (sshd, munge and SLURM are started for an unprivileged user); this is not Debian.
      missing programs: nix, slurmctld, slurmd, sbatch, munged, slurmdbd, mariadbd, mariadb, sshd, ssh-keygen, busybox, bash-static, curl, mmdebstrap, patchelf, bwrap, podman, runc, newuidmap, catatonit, dockerd, docker, shellcheck, skopeo, strace, zstd, openssl, rsync, tcsh, fish, git, chromium
      install them: sudo apt-get install -y --no-install-recommends nix-bin slurmctld slurmd slurm-client munge slurmdbd mariadb-server-core mariadb-client-core openssh-server openssh-client busybox-static bash-static curl mmdebstrap patchelf bubblewrap podman runc uidmap catatonit docker.io shellcheck skopeo strace zstd openssl rsync tcsh fish git chromium
      run it as root: sudo npm …",
    }
  `);
  expect(planSetup({ ...READY, isRoot: false })).toMatchInlineSnapshot(`
    {
      "problem": "repx: cannot set up here: you are not root (sshd, munge and SLURM are started for an unprivileged user).
      run it as root: sudo npm …",
    }
  `);
  expect(planSetup({ ...READY, hasPlatform: false })).toMatchInlineSnapshot(`
    {
      "problem": "repx: cannot set up here: this is not Linux on x64 or arm64.",
    }
  `);
});

test("knows a node_modules that npm made from this lock file, and one that it did not", () => {
  const one = { version: "1.0.0", integrity: "sha512-x" };
  const lock = { packages: { "": {}, "node_modules/a": one, "node_modules/b": { ...one, optional: true } } };
  expect(isInstalledFrom(lock, { packages: { "node_modules/a": one } })).toBe(true);
  expect(isInstalledFrom(lock, { packages: { "node_modules/a": { ...one, integrity: "sha512-y" } } })).toBe(false);
  expect(isInstalledFrom(lock, { packages: { "node_modules/a": one, "node_modules/c": one } })).toBe(false);
  expect(isInstalledFrom(lock, { packages: {} })).toBe(false);
});

test("runs the program on Node 24 with its arguments, and ends with its exit code", async () => {
  await using scratch = await startScratchFolder();
  const script = join(scratch.path, "show.ts");
  await writeFile(
    script,
    "const text: string = process.argv.slice(2).join('+'); console.log(process.version, text, process.env.PATH);\nprocess.exit(7);\n",
  );
  const run = await tryCommand(["node", SETUP, script, "--help", "two words"]);
  expect(run.exitCode).toBe(7);
  expect(run.stdout).toMatch(/^v24\.\S+ --help\+two words \S*node_modules\/\.bin:/);
  expect(run.stderr).toBe("");
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("passes %s on and waits for the program to end", async (signal) => {
  await using scratch = await startScratchFolder();
  const script = join(scratch.path, "wait.ts");
  const text = `process.on("${signal}", () => setTimeout(() => { console.log("ended"); process.exit(9); }, 200)); setInterval(() => {}, 1000); console.log("ready");`;
  await writeFile(script, text);
  const child = spawn(NODE, [SETUP, script], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (bytes: Buffer) => {
    output += bytes.toString();
    if (output === "ready\n") child.kill(signal);
  });
  try {
    const [code] = await once(child, "close", { signal: AbortSignal.timeout(10_000) });
    expect({ code, output }).toEqual({ code: 9, output: "ready\nended\n" });
  } finally {
    const tree = await Promise.all((await readTree(child.pid ?? 0)).map(async (pid) => readProcess(pid)));
    await killProcesses(tree.filter((one) => one !== undefined));
  }
});

test("refuses to go on as another user than root", async () => {
  await using scratch = await startScratchFolder();
  // A copy: the checkout itself may lie where only root can read.
  await chmod(scratch.path, 0o755);
  await mkdir(join(scratch.path, "scripts"));
  for (const name of ["scripts/setup.mjs", "package-lock.json"]) {
    await copyFile(join(REPOSITORY_ROOT, name), join(scratch.path, name));
  }
  const argv = ["node", join(scratch.path, "scripts/setup.mjs"), "x.ts"];
  const run = await tryCommand(argv, { user: { uid: 65_534, gid: 65_534 } });
  expect(run).toMatchObject({ exitCode: 2, stdout: "" });
  expect(run.stderr).toContain("you are not root");
});
