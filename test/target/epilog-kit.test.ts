import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { type CommandOutput, runCommand, tryCommand } from "../harness/command.ts";
import { ensureClusterUser, readPasswd } from "../harness/cluster-user.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";

// The administrator's kit without SLURM: files, owners, and a slurm.conf. Not below /tmp, which everybody may change.

const SOURCE = join(REPOSITORY_ROOT, "packages/core/epilog");
const KIT = join(SOURCE, "repx-epilog-kit");
const FOLDER = `/opt/repx-epilog-kit-${process.pid}`;
const CONF = join(FOLDER, "etc/slurm.conf");
const OLD_CONF = `${CONF}.before-repx-epilog`;
const HOOK = join(FOLDER, "etc/repx-epilog");
const SPOOL = join(FOLDER, "spool");
// The last line has no end.
const TEXT = "ClusterName=kit\nslurmuser = slurm # not root\n#EpilogSlurmctld=/old/one";

beforeEach(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(join(FOLDER, "etc"), { recursive: true });
  await writeFile(CONF, TEXT);
});
afterAll(async () => rm(FOLDER, { recursive: true, force: true }));

async function kit(...words: readonly string[]): Promise<CommandOutput> {
  return tryCommand([KIT, ...words, "--conf", CONF, "--spool", SPOOL], { timeoutSeconds: 60 });
}

async function succeed(...words: readonly string[]): Promise<string> {
  const output = await kit(...words);
  expect(output).toMatchObject({ exitCode: 0, stderr: "" });
  return output.stdout;
}

async function listTree(): Promise<string[]> {
  const { stdout } = await runCommand(["find", FOLDER, "-printf", "%P %u %m %s\n"]);
  return stdout.split("\n").toSorted();
}

test("its parts and the hook pass shellcheck, and dash and busybox read them", async () => {
  const programs = [KIT, join(SOURCE, "repx-epilog")];
  const checked = await tryCommand(["shellcheck", "-s", "sh", "-S", "warning", "-x", "-P", SOURCE, ...programs]);
  expect(checked).toMatchObject({ exitCode: 0, stdout: "" });
  for (const name of await readdir(SOURCE)) {
    for (const shell of [["dash"], ["busybox", "sh"]]) {
      expect(await tryCommand([...shell, "-n", join(SOURCE, name)])).toMatchObject({ exitCode: 0, stderr: "" });
    }
  }
});

test("install puts a hook of root's and a spool of SlurmUser's in place, and says what slurm.conf needs", async () => {
  const said = await succeed("install");
  expect(said).toContain(`EpilogSlurmctld=${HOOK}\n`);
  expect(said).toContain("systemctl restart slurmctld");
  const slurm = await readPasswd("slurm");
  expect(await stat(HOOK)).toMatchObject({ uid: 0, mode: 0o100755 });
  expect(await stat(SPOOL)).toMatchObject({ uid: slurm?.uid, gid: slurm?.gid, mode: 0o40755 });
  expect(await readFile(CONF, "utf8")).toBe(TEXT);
  const before = await listTree();
  expect(await succeed("install")).toMatch(/^unchanged /);
  expect(await listTree()).toEqual(before);
});

test("uninstall leaves the machine as it was", async () => {
  const before = await listTree();
  const conf = await stat(CONF);
  await succeed("install", "--write");
  await writeFile(join(SPOOL, "s0123456789abcdefghijklmno.1.0"), "{}\n");
  await writeFile(join(SPOOL, ".s0123456789abcdefghijklmno.2.0.77"), "");
  await succeed("uninstall", "--write");
  expect(await listTree()).toEqual(before);
  expect(await readFile(CONF, "utf8")).toBe(TEXT);
  expect((await stat(CONF)).mtimeMs).toBe(conf.mtimeMs);
  expect(await succeed("uninstall")).toContain("nothing is installed");
});

test.each([
  { option: [], lines: [`EpilogSlurmctld=${HOOK}`] },
  { option: ["--jobcomp"], lines: ["JobCompType=jobcomp/script", `JobCompLoc=${HOOK}`] },
])("--write $option adds its lines once and keeps the old file beside the new one", async ({ option, lines }) => {
  await chmod(CONF, 0o640);
  await succeed("install", "--write", ...option);
  const written = await readFile(CONF, "utf8");
  expect(written.startsWith(`${TEXT}\n# repx-epilog-kit: `)).toBe(true);
  expect(written.split("\n").slice(4)).toEqual([...lines, ""]);
  expect((await stat(CONF)).mode & 0o777).toBe(0o640);
  expect(await readFile(OLD_CONF, "utf8")).toBe(TEXT);
  expect(await succeed("install", "--write", ...option)).toContain("names it");
  expect(await readFile(CONF, "utf8")).toBe(written);
});

test("uninstall takes its own lines out of a file that was changed since, and no others", async () => {
  await succeed("install", "--write");
  const written = await readFile(CONF, "utf8");
  await writeFile(CONF, `FirstJobId=7\n${written}MaxJobCount=9\n`);
  expect((await kit("uninstall")).stderr).toContain(`${CONF} still names ${HOOK}`);
  await succeed("uninstall", "--write");
  expect(await readFile(CONF, "utf8")).toBe(`FirstJobId=7\n${TEXT}\nMaxJobCount=9\n`);
  expect((await readdir(join(FOLDER, "etc"))).toSorted()).toEqual(["slurm.conf", "slurm.conf.before-repx-epilog"]);
});

test("a site's own hook is never replaced in slurm.conf", async () => {
  const text = `${TEXT}\nEPILOGSLURMCTLD=/etc/slurm/site.d/*\n`;
  await writeFile(CONF, text);
  const said = await succeed("install", "--write");
  expect(said).toContain("slurmctld calls /etc/slurm/site.d/* already");
  expect(await readFile(CONF, "utf8")).toBe(text);
});

test("a disk that is full leaves slurm.conf as it is", async () => {
  await succeed("install");
  const place = join(FOLDER, "full");
  await mkdir(place);
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=8k,mode=755", "repx-test", place]);
  try {
    const conf = join(place, "slurm.conf");
    await writeFile(conf, TEXT);
    await tryCommand(["dd", "if=/dev/zero", `of=${place}/fill`, "bs=1k"]);
    const argv = [KIT, "install", "--write", "--conf", conf, "--spool", SPOOL, "--to", HOOK];
    expect((await tryCommand(argv)).stderr).toContain("disk full");
    expect(await readFile(conf, "utf8")).toBe(TEXT);
    expect((await readdir(place)).toSorted()).toEqual(["fill", "slurm.conf"]);
  } finally {
    await runCommand(["umount", place]);
  }
});

test("a spool that was there before stays, and so does what is not ours in it", async () => {
  const slurm = await readPasswd("slurm");
  await mkdir(SPOOL);
  await chown(SPOOL, slurm?.uid ?? 0, slurm?.gid ?? 0);
  await succeed("install");
  await writeFile(join(SPOOL, "README"), "");
  await writeFile(join(SPOOL, "s0123456789abcdefghijklmno.1.0"), "{}\n");
  expect(await succeed("uninstall")).toContain(`kept       ${SPOOL}`);
  expect(await readdir(SPOOL)).toEqual(["README"]);
});

async function ownFolder(path: string): Promise<void> {
  const user = await ensureClusterUser();
  await mkdir(path);
  await chown(path, user.uid, user.gid);
}

test.each<{ what: string; prepare: () => Promise<unknown>; said: RegExp }>([
  {
    what: "a spool that is a link",
    prepare: async () => symlink("/var", SPOOL),
    said: /spool is no folder/,
  },
  {
    what: "a spool of a user's",
    prepare: async () => ownFolder(SPOOL),
    said: /spool does not belong to slurm/,
  },
  {
    what: "a folder on the way that everybody may change",
    prepare: async () => chmod(FOLDER, 0o1777),
    said: /everybody may change/,
  },
  {
    what: "a folder on the way that is a user's",
    prepare: async () => chown(FOLDER, (await ensureClusterUser()).uid, 0),
    said: /does not belong to root/,
  },
  {
    what: "a hook that is not ours",
    prepare: async () => writeFile(HOOK, "#!/bin/sh\n# another\n"),
    said: /is there and is not ours/,
  },
  {
    what: "a hook that is a link",
    prepare: async () => symlink(join(SOURCE, "repx-epilog"), HOOK),
    said: /is there and is not ours/,
  },
])("install refuses $what, and touches nothing there", async ({ prepare, said }) => {
  await prepare();
  const before = await listTree();
  const { exitCode, stderr } = await kit("install");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(said);
  expect((await listTree()).filter((line) => !line.startsWith("spool slurm"))).toEqual(before);
});

test.each([
  { words: ["install", "--to", `${FOLDER}/etc/x y-repx-epilog`], code: 1, said: "not a plain absolute path" },
  { words: ["install", "--to", `${FOLDER}/etc/hook`], code: 1, said: "does not say repx-epilog" },
  { words: ["install", "--what"], code: 64, said: "usage: " },
  { words: [], code: 64, said: "usage: " },
])("it refuses the words $words", async ({ words, code, said }) => {
  const { exitCode, stderr } = await kit(...words);
  expect({ exitCode, said: stderr.includes(said) }).toEqual({ exitCode: code, said: true });
});

test("it does nothing for anybody but root, and --help for everybody", async () => {
  const user = await ensureClusterUser();
  // The checkout may lie where nobody else comes.
  await cp(SOURCE, join(FOLDER, "kit"), { recursive: true });
  const program = join(FOLDER, "kit/repx-epilog-kit");
  const refused = await tryCommand([program, "install", "--conf", CONF], { user });
  expect(refused.stderr).toContain("only root can do that\n  next: sudo ");
  expect((await tryCommand([program, "--help"], { user })).stdout).toContain("uninstall [options]");
});

test("self-test passes on what install made, leaves nothing, and says what a call takes", async () => {
  await succeed("install");
  const before = await listTree();
  const said = await succeed("self-test");
  console.log(said);
  const lines = said.trimEnd().split("\n");
  expect(lines.filter((line) => !line.startsWith("ok  "))).toEqual(["all is well"]);
  expect(lines.length).toBeGreaterThan(15);
  expect(await listTree()).toEqual(before);
});

test("where sh is bash, kit and hook do the same", async () => {
  const source = join(FOLDER, "source");
  await cp(SOURCE, source, { recursive: true });
  const program = join(source, "repx-epilog-kit");
  for (const path of [program, join(source, "repx-epilog")]) {
    await writeFile(path, (await readFile(path, "utf8")).replace("#!/bin/sh\n", "#!/bin/bash --posix\n"));
  }
  const before = await listTree();
  for (const [action, last] of [
    ["install", "to do"],
    ["self-test", "all is well"],
    ["uninstall", `removed    ${SPOOL}`],
  ] as const) {
    const output = await tryCommand([program, action, "--conf", CONF, "--spool", SPOOL], { timeoutSeconds: 60 });
    expect(output).toMatchObject({ exitCode: 0, stderr: "" });
    expect(output.stdout).toContain(last);
  }
  expect(await listTree()).toEqual(before);
});

test("where SlurmUser is root, the hook keeps its promises as root", async () => {
  await writeFile(CONF, "SlurmUser=root\n");
  await succeed("install");
  expect((await stat(SPOOL)).uid).toBe(0);
  expect(await succeed("self-test")).toContain("all is well");
});

test.each<{ what: string; spoil: () => Promise<unknown>; said: RegExp }>([
  {
    what: "a spool that others may write in",
    spoil: async () => chmod(SPOOL, 0o777),
    said: /FAILED.*others than slurm may write/,
  },
  { what: "a hook that others may change", spoil: async () => chmod(HOOK, 0o775), said: /FAILED.*its mode is 775/ },
  {
    what: "a hook that waits for what was planted",
    spoil: async () => replaceInHook(/dd of=("[^"]*") conv=excl/, "cat >$1"),
    said: /FAILED.*not waited for \(mkfifo\): it ended with 124/,
  },
  {
    what: "a hook that fails where its spool is gone",
    spoil: async () => replaceInHook("trap 'exit 0' EXIT", "trap 'exit 1' EXIT"),
    said: /FAILED.*a spool that is missing is no failure: it ended with 1/,
  },
  {
    what: "a hook that believes its environment",
    spoil: async () => replaceInHook('is_number "$restarts" || restarts=n', ":"),
    said: /FAILED.*a hostile name/,
  },
])("self-test finds $what", async ({ spoil, said }) => {
  await succeed("install");
  await spoil();
  const { exitCode, stdout } = await kit("self-test");
  expect(stdout).toMatch(said);
  expect(exitCode).toBe(1);
});

async function replaceInHook(from: string | RegExp, to: string): Promise<void> {
  const text = await readFile(HOOK, "utf8");
  expect(text.replace(from, to)).not.toBe(text);
  await writeFile(HOOK, text.replace(from, to));
}
