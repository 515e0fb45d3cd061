// What a job says and ends with where its runtime cannot be had, and what it sees of the node where the target's config says so.
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeBoxImage } from "../harness/box-image.ts";
import { tryCommand } from "../harness/command.ts";
import { ISOLATING, type RuntimeStand, startRuntimeStand } from "./runtime-stand.ts";

let stand: RuntimeStand;
/** A PATH with all of the node's programs but those that isolate. */
let bare: string;

beforeAll(async () => {
  stand = await startRuntimeStand();
  bare = join(stand.target.base, "bare");
  await mkdir(bare);
  for (const folder of ["/usr/bin", "/usr/sbin"]) {
    for (const name of await readdir(folder)) {
      if (["bwrap", "podman", "docker"].includes(name)) continue;
      await symlink(join(folder, name), join(bare, name)).catch(() => undefined);
    }
  }
  await stand.target.giveAway();
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

interface Ran {
  readonly id: string;
  readonly exitCode: number;
  readonly said: string;
  readonly out: (name: string) => Promise<string | undefined>;
}

async function run(runtime: string, script: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const { target } = stand;
  const { number, ids } = await target.addBatch([{ stage: "one", script, runtime }]);
  const output = await target.runJob(number, { ...stand.environment, ...environment });
  return read(ids[0] ?? "", output.exitCode);
}

async function read(id: string, exitCode: number): Promise<Ran> {
  const said = (await stand.target.read(id, "repx/stderr.log")) ?? "";
  return { id, exitCode, said, out: async (name) => stand.target.read(id, `out/${name}`) };
}

test.each(ISOLATING)("where %s is missing the job ends with 69 and says what to do", async (kind) => {
  const ran = await run(stand.table(kind), 'touch "$1/ran"', { PATH: bare });
  expect(ran.exitCode).toBe(69);
  expect(ran.said).toMatch(
    new RegExp(`^repx-job: .* has no ${kind} .*on the PATH: ask for it, or choose another runtime`),
  );
  expect(await ran.out("ran")).toBeUndefined();
  expect(await stand.target.read(ran.id, "repx/FAIL")).toBe("");
  expect(JSON.parse((await stand.target.read(ran.id, "repx/result.json")) ?? "")).toMatchObject({ exitCode: 69 });
});

test("the Lab's own bwrap does where the node has none", async () => {
  const tools = join(stand.target.base, "host-tools/abc/bin");
  await mkdir(tools, { recursive: true });
  await cp("/usr/bin/bwrap", join(tools, "bwrap"));
  await stand.target.giveAway();
  const ran = await run(stand.table("bwrap", "tools\thost-tools/abc"), 'touch "$1/ran"', { PATH: bare });
  expect(ran).toMatchObject({ exitCode: 0, said: "" });
});

test("where user namespaces are closed bwrap ends the job with 69 and names them", async () => {
  const { target, user } = stand;
  const { number, ids } = await target.addBatch([
    { stage: "closed", script: 'touch "$1/ran"', runtime: stand.table("bwrap") },
  ]);
  // A namespace whose own limit lets one more be made, in which the user is itself: there none is left, as on a node whose
  // administrator has closed them.
  const again = `unshare --user --map-user=${user.uid} --map-group=${user.gid}`;
  const closed = `echo 1 >/proc/sys/user/max_user_namespaces && exec ${again} -- "$@"`;
  const job = [join(target.programs, "repx-job"), target.base, target.submission, String(number)];
  const output = await tryCommand(["unshare", "--user", "--map-root-user", "sh", "-c", closed, "sh", ...job], {
    user,
    environment: { HOME: user.home },
  });
  const ran = await read(ids[0] ?? "", output.exitCode);
  expect(ran.exitCode).toBe(69);
  expect(ran.said).toMatch(/^repx-job: \S*bwrap cannot make a sandbox on .*user\.max_user_namespaces/);
  expect(await ran.out("ran")).toBeUndefined();
});

test("where dockerd does not answer the job ends with 69", async () => {
  const ran = await run(stand.table("docker"), "true", { DOCKER_HOST: "unix:///nonexistent/docker.sock" });
  expect(ran.exitCode).toBe(69);
  expect(ran.said).toMatch(/^repx-job: docker does not work on .*nonexistent/);
});

test.each(ISOLATING)("in %s an image that was not sent ends with 66", async (kind) => {
  const ran = await run(`kind\t${kind}\nimage\tabc-none-image.tar\n`, "true");
  expect(ran.exitCode).toBe(66);
  expect(ran.said).toContain("the image abc-none-image.tar is not below");
});

test.each(ISOLATING)("in %s an image with a broken layer ends with 65 and is not run", async (kind) => {
  const image = await writeBoxImage(stand.target.base, [{ mark: kind }]);
  const path = join(stand.target.base, "artifacts/images/layers", `${image.digests[2]}.tar`);
  await writeFile(path, (await readFile(path, "latin1")).replace(kind, "other!"), "latin1");
  const ran = await run(`kind\t${kind}\nimage\t${image.name}\nnode-local\t${stand.nodeLocal}\n`, 'touch "$1/ran"');
  expect(ran.exitCode).toBe(65);
  expect(ran.said).toContain("is not the layer that its name says");
  expect(await ran.out("ran")).toBeUndefined();
});

test("a runtime that nobody knows ends with 65", async () => {
  expect(await run("kind\tchroot\n", "true")).toMatchObject({
    exitCode: 65,
    said: expect.stringContaining("names the runtime chroot, which is none"),
  });
});

test.each(ISOLATING)(
  "in %s a program that the image does not have is the job's failure, and no runtime's",
  async (kind) => {
    const ran = await run(stand.table(kind), "#!/nonexistent/bash\ntrue");
    // podman's init has no other code for it than 1.
    expect([1, 126, 127]).toContain(ran.exitCode);
    expect(ran.said).toMatch(/[Nn]o such file or directory/);
  },
);

test.each(ISOLATING)("in %s the exit codes that the runtime has for itself are left to programs", async (kind) => {
  expect((await run(stand.table(kind), "exit 125")).exitCode).toBe(125);
  expect((await run(stand.table(kind), "exit 1")).exitCode).toBe(1);
});

test.each(ISOLATING)(
  "in %s a job sees the paths that the config names, writable, devices too, and no others",
  async (kind) => {
    const seen = join(stand.nodeLocal, `seen ${kind}`);
    await stand.user.run(["mkdir", seen]);
    await stand.user.run(["sh", "-c", 'echo software >"$1/tool"', "sh", seen]);
    const script = `cp "${seen}/tool" "$1/tool"; echo x >"${seen}/left"; ls "${stand.nodeLocal}" >"$1/beside"; test -c /dev/fuse && echo there >"$1/device"`;
    const ran = await run(stand.table(kind, `mount\t${seen}`, "mount\t/dev/fuse", "mount\t/nonexistent"), script);
    expect({ exitCode: ran.exitCode, said: ran.said }).toEqual({ exitCode: 0, said: "" });
    expect(await ran.out("tool")).toBe("software\n");
    expect(await ran.out("device")).toBe("there\n");
    expect(await readFile(join(seen, "left"), "utf8")).toBe("x\n");
    expect(await ran.out("beside")).toBe(`seen ${kind}\n`);
  },
);

test.each(ISOLATING)("in %s the base path stays hidden when a path above it is shown", async (kind) => {
  const above = dirname(stand.target.base);
  await writeFile(join(stand.target.folder, "token"), "secret");
  const script = `ls -a "${stand.target.base}" >"$1/base"; cat "${stand.target.folder}/token" >"$1/token" || true; mkdir "${stand.target.base}/left" || true`;
  const ran = await run(stand.table(kind, `mount\t${above}`), script);
  expect(ran.exitCode, ran.said).toBe(0);
  expect((await ran.out("base"))?.split("\n").toSorted()).toEqual(["", ".", "..", "artifacts", "outputs"]);
  expect(await ran.out("token")).toBe("");
  expect(existsSync(join(stand.target.base, "left"))).toBe(false);
});

test("a job whose runtime cannot be read, or is gone, does not run natively", async () => {
  const { target } = stand;
  for (const spoil of [
    async (path: string) => writeFile(path, ""),
    async (path: string) => chmod(path, 0),
    async (path: string) => rm(path),
  ]) {
    const { number, ids } = await target.addBatch([
      { stage: "one", script: 'touch "$1/ran"', runtime: stand.table("bwrap") },
    ]);
    const places = join(target.folder, "jobs", ids[0] ?? "");
    await spoil(join(places, "runtime"));
    const output = await target.runJob(number, stand.environment);
    const ran = await read(ids[0] ?? "", output.exitCode);
    expect([ran.exitCode, ran.said]).toEqual([65, expect.stringContaining("names the runtime")]);
    expect(await ran.out("ran")).toBeUndefined();
  }
});

test.each(ISOLATING)("in %s the record has no CPU time, for the program's is not known", async (kind) => {
  const ran = await run(stand.table(kind), "true");
  const result: unknown = JSON.parse((await stand.target.read(ran.id, "repx/result.json")) ?? "");
  expect(result).toMatchObject({ exitCode: 0, elapsedSeconds: expect.any(Number) });
  expect(result).not.toHaveProperty("cpuUserSeconds");
});

test.each(ISOLATING)("in %s a job sees all of the node's files where the config says so", async (kind) => {
  const mark = join(stand.nodeLocal, "mark");
  await stand.user.run(["sh", "-c", 'echo marked >"$1"', "sh", mark]);
  const ran = await run(
    stand.table(kind, "host\tall", "network\ton"),
    `cp "${mark}" "$1/mark"; env >"$1/env"; touch /etc/x`,
  );
  expect(ran.said).toMatch(/touch: .*\/etc\/x'?: (?:Read-only file system|Permission denied)/);
  expect(ran.exitCode).toBe(1);
  expect(await ran.out("mark")).toBe("marked\n");
  expect(await ran.out("env")).toContain(`HOME=${stand.user.home}\n`);
});

test("bwrap runs a job without an image on the Lab's closure, with its shell as /bin/sh", async () => {
  const shell = "/nix/store/00000000000000000000000000000000-bash-5.2/bin/bash";
  const place = join(stand.target.base, "artifacts", shell.replace("/nix/", ""));
  await mkdir(join(place, ".."), { recursive: true });
  await cp("/usr/bin/bash-static", place);
  await stand.target.giveAway();
  const script = `#!${shell}\n/bin/sh -c 'echo one' >"$1/one"; echo /* >"$1/root"; >/nix/store/x`;
  const ran = await run("kind\tbwrap\nnetwork\toff\n", script);
  expect(ran.said).toContain("/nix/store/x: Read-only file system");
  expect(await ran.out("one")).toBe("one\n");
  expect(await ran.out("root")).toBe("/bin /dev /nix /proc /tmp\n");
  const other = await run("kind\tbwrap\n", "#!/nix/store/11111111111111111111111111111111-absent/bin/bash\n");
  expect(other.exitCode).toBe(127);
  expect(other.said).toContain("11111111111111111111111111111111-absent is not in");
});
