import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../target/command/command.ts";
import { openLocal } from "../target/transport/local.ts";
import { lookAtTarget, parseFindings } from "./look-at-target.ts";
import { LOOK_SCRIPT } from "./look-script.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "repx-look-"));
});
afterEach(async () => rm(base, { recursive: true, force: true }));

async function look(shell: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const argv = [...shell, "-c", LOOK_SCRIPT, "look", "MARK", join(base, "place"), "", "slurm"];
  // At a lower level bash takes our pipes for a remote shell's, and reads the start-up files of whoever runs the test.
  const { stdout, stderr } = await runCommand({ argv, environment: { PATH, SHLVL: "2", ...environment } });
  return { findings: parseFindings(stdout, "MARK"), stderr };
}

/** A program that is found before any other. */
async function writeProgram(name: string, text: string): Promise<void> {
  await mkdir(join(base, "bin"), { recursive: true });
  await writeFile(join(base, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

describe.each([
  ["dash", ["/bin/dash"]],
  ["bash as sh", ["/bin/bash", "--posix"]],
  ["busybox", ["/bin/busybox", "sh"]],
])("in %s", (_, shell) => {
  test("it finds out what there is and leaves nothing", async () => {
    await mkdir(join(base, "place"));
    const { findings, stderr } = await look(shell);
    expect(stderr).toBe("");
    for (const key of ["time", "writable", "links", "executable", "space", "tar"])
      expect(findings?.has(key)).toBe(true);
    expect(await readdir(join(base, "place"))).toEqual([]);
  });

  test("it tells relays that live, that were killed, and that are elsewhere", async () => {
    const pids = { alive: `${process.pid} ${hostname()}`, dead: `4194304 ${hostname()}`, far: "1 otherhost" };
    for (const [id, text] of Object.entries(pids)) {
      await mkdir(join(base, "place/submissions", id), { recursive: true });
      await writeFile(join(base, "place/submissions", id, "relay.pid"), `${text}\n`);
    }
    const { findings } = await look(shell);
    const found = ["relay-alive", "relay-dead", "relay-elsewhere"].map((key) => findings?.get(key));
    expect(found).toEqual([["alive"], ["dead"], ["far otherhost"]]);
  });

  test("it reads SLURM's settings, and whether a site's epilog calls ours", async () => {
    const site = join(base, "site-epilog");
    await writeFile(site, "#!/bin/sh\ntrue\n/etc/slurm/repx-epilog\n");
    await writeProgram("scontrol", `echo "MaxArraySize            = 4001"; echo "EpilogSlurmctld         = ${site}"`);
    await writeProgram("sinfo", "echo 'main* up 3'");
    const { findings } = await look(shell, { PATH: `${base}/bin:${PATH}` });
    expect(findings?.get("slurm-MaxArraySize")).toEqual(["4001"]);
    expect(findings?.get("epilog-caller")).toEqual([site]);
    expect(findings?.get("partition")).toEqual(["main* up 3"]);
  });

  test("it finds ours among the programs of a pattern, and whether its spool can be read here", async () => {
    const site = join(base, "epilog.d");
    await mkdir(site);
    for (const name of ["00-repx-epilog", "50-site"]) await writeFile(join(site, name), "#!/bin/sh\ntrue\n");
    await writeProgram("scontrol", `echo "EpilogSlurmctld[0]      = ${site}/*"`);
    const environment = { PATH: `${base}/bin:${PATH}`, REPX_SPOOL: site };
    const { findings } = await look(shell, environment);
    expect(findings?.get("epilog-caller")).toEqual([`${site}/*`]);
    expect(findings?.get("epilog-spool")).toEqual([site]);
    const without = await look(shell, { ...environment, REPX_SPOOL: join(base, "absent") });
    expect(without.findings?.has("epilog-spool")).toBe(false);
  });

  test("it tells a shell that prints from a silent one, whatever comes first", async () => {
    await mkdir(join(base, "bin"), { recursive: true });
    for (const [text, found] of [
      ["", undefined],
      ["echo; echo; echo '  Welcome'; echo more", ["Welcome"]],
      ["echo", ["blank lines"]],
    ] as const) {
      await writeProgram("loud", text);
      const { findings } = await look(shell, { SHELL: join(base, "bin/loud") });
      expect(findings?.get("prints")).toEqual(found);
    }
  });

  test("it says in one line why a controller is silent", async () => {
    await writeProgram("scontrol", "echo 'Unable to contact'; echo more; exit 1");
    const { findings } = await look(shell, { PATH: `${base}/bin:${PATH}` });
    expect(findings?.get("slurm-silent")).toEqual(["Unable to contact"]);
  });
});

test("the look leaves a base path alone that does not answer, and looks at all else", async () => {
  await writeProgram("sh", "exit 124");
  const { findings, stderr } = await look(["/bin/dash"], { PATH: `${base}/bin:${PATH}` });
  expect([stderr, findings?.get("base-slow")]).toEqual(["", [join(base, "place")]]);
  expect(["base-at", "writable", "unwritable", "space"].filter((key) => findings?.has(key))).toEqual([]);
  expect(findings?.get("has")).toContain("tar");
});

test("no program that touches the base path may take longer than ten seconds", async () => {
  await writeProgram("timeout", `echo "$1 $2" >>'${base}/log'; shift; exec "$@"`);
  await look(["/bin/dash"], { PATH: `${base}/bin:${PATH}` });
  const limited = (await readFile(join(base, "log"), "utf8")).split("\n");
  expect(limited).toEqual(expect.arrayContaining(["10 sh", "10 mkdir", "10 ln", "10 df", "10 chmod", "10 rm"]));
});

test("a shell that takes no notice ends in SSH_COMMAND_FAILED, with what was said", async () => {
  await writeProgram("sh", "echo no sh today >&2; exit 3");
  await using transport = await openLocal({ environment: { PATH: join(base, "bin") } });
  const looked = lookAtTarget(transport, { basePath: base, scheduler: "local" }, undefined);
  await expect(looked).rejects.toMatchObject({
    code: "SSH_COMMAND_FAILED",
    message: "sh on this machine did not answer: no sh today",
  });
});

test("a base path that hangs where there is no timeout(1) is named, not the login shell", async () => {
  await writeProgram("mkdir", "sleep 30");
  await writeProgram("timeout", 'shift; exec "$@"');
  await using transport = await openLocal({ environment: { PATH: `${base}/bin:${PATH}` } });
  const looked = lookAtTarget(transport, { basePath: base, scheduler: "local" }, undefined, 1);
  await expect(looked).rejects.toMatchObject({
    code: "SYNC_BASE_PATH_NOT_WRITABLE",
    message: `the base path ${base} does not answer: looking at it did not end within 1 seconds`,
  });
});
