// Runs a TypeScript program of this repository on a machine that has only Node >= 20, npm and git: installs what is missing first.
// Plain JavaScript without dependencies, as nothing is installed yet. Says nothing on stdout: that belongs to the program.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const MODULES = join(ROOT, "node_modules");
const STAMP = join(MODULES, ".repx-setup");
const NODE = join(MODULES, ".bin/node");
const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_TEXT = "#!/bin/sh\n# repx setup: no service starts while its packages are installed\nexit 101\n";
const SYSTEM_PATHS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** What has to be there, and the Debian package that has it. */
export const PROGRAMS = [
  { program: "nix", debian: "nix-bin" },
  { program: "slurmctld", debian: "slurmctld" },
  { program: "slurmd", debian: "slurmd" },
  { program: "sbatch", debian: "slurm-client" },
  { program: "munged", debian: "munge" },
  { program: "slurmdbd", debian: "slurmdbd" },
  { program: "mariadbd", debian: "mariadb-server-core" },
  { program: "mariadb", debian: "mariadb-client-core" },
  { program: "sshd", debian: "openssh-server" },
  { program: "ssh-keygen", debian: "openssh-client" },
  { program: "busybox", debian: "busybox-static", isStatic: true },
  { program: "bash-static", debian: "bash-static" },
  { program: "curl", debian: "curl" },
  { program: "mmdebstrap", debian: "mmdebstrap" },
  { program: "patchelf", debian: "patchelf" },
  { program: "bwrap", debian: "bubblewrap" },
  { program: "podman", debian: "podman" },
  { program: "runc", debian: "runc" },
  { program: "newuidmap", debian: "uidmap" },
  { program: "catatonit", debian: "catatonit" },
  { program: "dockerd", debian: "docker.io" },
  { program: "docker", debian: "docker.io" },
  { program: "shellcheck", debian: "shellcheck" },
  { program: "skopeo", debian: "skopeo" },
  { program: "strace", debian: "strace" },
  { program: "zstd", debian: "zstd" },
  { program: "openssl", debian: "openssl" },
  { program: "rsync", debian: "rsync" },
  { program: "tcsh", debian: "tcsh" },
  { program: "fish", debian: "fish" },
  { program: "git", debian: "git" },
  { program: "chromium", debian: "chromium" },
];

/**
 * Decides from what the machine is like what there is to do, or says what stands in the way. Pure.
 * @param {{script?: string | undefined, isRoot: boolean, isDebian: boolean, hasPlatform: boolean, missing: readonly {program: string, debian: string}[], lockHash: string, installedHash?: string}} facts
 * @returns {{problem: string} | {npm: boolean, debian: string[]}}
 */
export function planSetup(facts) {
  const packages = [...new Set(facts.missing.map((one) => one.debian))];
  const reasons = [];
  if (!facts.hasPlatform) reasons.push("this is not Linux on x64 or arm64");
  if (!facts.isRoot) reasons.push("you are not root (sshd, munge and SLURM are started for an unprivileged user)");
  if (packages.length > 0 && !facts.isDebian) reasons.push("this is not Debian");
  if (reasons.length === 0) return { npm: facts.installedHash !== facts.lockHash, debian: packages };
  const programs = facts.missing.map((one) => one.program).join(", ");
  const lines = [`repx: cannot set up here: ${reasons.join("; ")}.`];
  if (packages.length > 0) {
    lines.push(`  missing programs: ${programs}`);
    lines.push(`  install them: sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`);
  }
  if (!facts.isRoot)
    lines.push(`  run it as root: sudo npm ${facts.script === undefined ? "…" : `run ${facts.script}`}`);
  return { problem: lines.join("\n") };
}

/**
 * Whether npm's own record of node_modules (written when it has finished) is what this lock file asks for.
 * @param {{packages?: Record<string, LockEntry>}} lock
 * @param {{packages?: Record<string, LockEntry>}} record
 * @typedef {{version?: string, integrity?: string, optional?: boolean, link?: boolean}} LockEntry
 */
export function isInstalledFrom(lock, record) {
  const wanted = lock.packages ?? {};
  const present = record.packages ?? {};
  const isSame = (path) =>
    wanted[path]?.version === present[path]?.version && wanted[path]?.integrity === present[path]?.integrity;
  const paths = Object.keys(wanted).filter((path) => path.includes("node_modules/") && !wanted[path].optional);
  return paths.every((path) => path in present && isSame(path)) && Object.keys(present).every(isSame);
}

function readFacts() {
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  const lockHash = createHash("sha256").update(lock).digest("hex");
  return {
    isRoot: process.getuid?.() === 0,
    script: process.env["npm_lifecycle_event"],
    isDebian: existsSync("/etc/debian_version"),
    hasPlatform: process.platform === "linux" && ["x64", "arm64"].includes(process.arch),
    missing: PROGRAMS.filter((one) => !hasProgram(one)),
    lockHash,
    installedHash: readInstalledHash(lock, lockHash),
  };
}

function readInstalledHash(lock, lockHash) {
  if (!existsSync(NODE)) return undefined;
  if (existsSync(STAMP)) return readFileSync(STAMP, "utf8").trim();
  const record = join(MODULES, ".package-lock.json");
  if (!existsSync(record) || !isInstalledFrom(JSON.parse(lock), JSON.parse(readFileSync(record, "utf8"))))
    return undefined;
  writeFileSync(STAMP, `${lockHash}\n`);
  return lockHash;
}

function hasProgram({ program, isStatic = false }) {
  const path = SYSTEM_PATHS.map((folder) => join(folder, program)).find((file) => existsSync(file));
  return path !== undefined && (!isStatic || isStaticProgram(path));
}

/** A dynamic ELF file names its loader (PT_INTERP) in its first page. */
function isStaticProgram(path) {
  const head = Buffer.alloc(Math.min(4096, statSync(path).size));
  const file = openSync(path, "r");
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  return !head.includes("/ld-linux") && !head.includes("/ld-musl");
}

async function installPackages(packages) {
  // A policy of the machine's own stays; one of ours that a killed run left goes.
  const hasOwn = !existsSync(POLICY) || readFileSync(POLICY, "utf8") === POLICY_TEXT;
  if (hasOwn) writeFileSync(POLICY, POLICY_TEXT, { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await runStep(`Debian packages (${packages.join(" ")})`, [
      { argv: ["apt-get", "update", "-q"], env },
      { argv: ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages], env },
    ]);
  } finally {
    if (hasOwn) rmSync(POLICY, { force: true });
  }
}

async function installModules(lockHash) {
  const npm = process.env["npm_execpath"];
  const start = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  await runStep("npm packages", [
    { argv: [...start, "ci", "--no-audit", "--no-fund", "--loglevel=error"], env: process.env },
  ]);
  if (!existsSync(NODE)) throw new Error(`npm ci left no ${NODE}: is ${process.arch} among the optional dependencies?`);
  writeFileSync(STAMP, `${lockHash}\n`);
}

/** One line with the time; the commands' output goes to a log, which is shown when one fails. */
async function runStep(title, commands) {
  const log = join("/tmp", `repx-setup-${process.pid}.log`);
  const startedAt = Date.now();
  process.stderr.write(`setup: ${title} … `);
  for (const { argv, env } of commands) {
    const file = openSync(log, "a", 0o600);
    const child = spawn(argv[0], argv.slice(1), { cwd: ROOT, env, stdio: ["ignore", file, file] });
    closeSync(file);
    const code = await waitForEnd(child);
    if (code === 0) continue;
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    process.stderr.write(`failed after ${seconds} s\n${readFileSync(log, "utf8")}`);
    throw new Error(`${argv.slice(0, 3).join(" ")} ended with ${code} (log: ${log})`);
  }
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
  rmSync(log, { force: true });
}

/**
 * Waits for a child and answers its exit code. A signal to us is passed on, except for those that a terminal
 * sends to the whole foreground group: the child has had that one already.
 */
async function waitForEnd(child) {
  const isOnTerminal = [0, 1, 2].some((fd) => isatty(fd));
  const listeners = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
    const isFromTerminal = isOnTerminal && signal !== "SIGTERM";
    const listener = () => !isFromTerminal && child.kill(signal);
    process.on(signal, listener);
    return { signal, listener };
  });
  try {
    return await new Promise((done, fail) => {
      child.once("error", fail);
      child.once("close", (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)));
    });
  } finally {
    for (const { signal, listener } of listeners) process.removeListener(signal, listener);
  }
}

async function main([script, ...args]) {
  if (script === undefined) {
    process.stderr.write("usage: node scripts/setup.mjs <script.ts> [args…]\n");
    return 2;
  }
  const facts = readFacts();
  const plan = planSetup(facts);
  if ("problem" in plan) {
    process.stderr.write(`${plan.problem}\n`);
    return 2;
  }
  if (plan.debian.length > 0) await installPackages(plan.debian);
  if (plan.npm) await installModules(facts.lockHash);
  const env = { ...process.env, PATH: [join(MODULES, ".bin"), process.env["PATH"]].filter(Boolean).join(delimiter) };
  return waitForEnd(spawn(NODE, [resolve(script), ...args], { env, stdio: "inherit" }));
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then(
    (code) => (process.exitCode = code),
    (error) => {
      process.stderr.write(`setup: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
