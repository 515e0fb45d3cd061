// What a job sees and can do in each of the runtimes that isolate, under real SLURM, as a user without privileges.
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tryCommand } from "../harness/command.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { type Isolating, ISOLATING, type RuntimeStand, startRuntimeStand } from "./runtime-stand.ts";

const FOLDER = "/tmp/repx-isolation";

let cluster: SlurmCluster;
let stand: RuntimeStand;
let server: Server;
/** Of the job's own user: of another one's it would not be told anyway. */
let neighbour: ChildProcess;

beforeAll(async () => {
  stand = await startRuntimeStand();
  cluster = await startSlurmCluster({ folder: FOLDER, user: stand.user });
  server = createServer((_, response) => response.end("served\n")).listen(0, "127.0.0.1");
  await once(server, "listening");
  neighbour = spawn("sleep", ["600"], { uid: stand.user.uid, gid: stand.user.gid, stdio: "ignore" });
  await stand.user.run(["kill", "-0", String(neighbour.pid)]);
});
afterAll(async () => {
  neighbour?.kill();
  server?.close();
  await cluster?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

function readPort(): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** One `sbatch` of one job, waited for; its exit code is the job's. */
async function submit(number: number, options: readonly string[] = []) {
  const { target, user } = stand;
  const script = `#!/bin/sh\nexec ${target.programs}/repx-job ${target.base} ${target.submission} ${number}\n`;
  const places = [`--chdir=${target.folder}`, "--output=/dev/null", "--error=/dev/null"];
  return tryCommand(["sbatch", "--wait", "--parsable", ...places, ...options], {
    folder: user.home,
    stdin: script,
    user,
    timeoutSeconds: 90,
    environment: { HOME: user.home, ...cluster.environment, ...stand.environment, SECRET: "of the session" },
  });
}

const PROBE = `
cd "$1"
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi >"$name"; }
try root touch /x
try program touch /bin/x
try store touch /nix/store/x
try image cp /bin/busybox /bin/busybox2
try input-written sh -c "echo more >>$INPUT/data"
try input-new touch "$INPUT/new"
try own-job touch "$OWN/x"
try tmp-host test -e /tmp/rx-host-mark
try token cat "$BASE/submissions/"*/token
try served wget -q -T 2 -O - "http://127.0.0.1:$PORT/"
try killed kill -0 "$HOST_PID"
cat "$INPUT/data" >input
ls "$BASE/outputs" >outputs
ls "$BASE" >base
echo mine >/tmp/mine && cat /tmp/mine >tmp
sed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev >net
env | sed 's/=.*//' | sort >names
env >environment
pwd >folder
exit 7`;

interface Probed {
  readonly id: string;
  readonly input: string;
  readonly exitCode: number;
  read(name: string): Promise<string>;
}

/** Runs a job that reads another's output while a third one's lies beside it, and tries what it should not be able to do. */
async function probe(kind: Isolating): Promise<Probed> {
  const { target } = stand;
  const { ids } = await target.addBatch([
    { stage: "input", script: `echo data >"$1/data"` },
    { stage: "other", script: `echo secret >"$1/secret"` },
  ]);
  const [input = "", other = ""] = ids;
  for (const id of [input, other]) {
    const made = await stand.user.run([
      "sh",
      "-c",
      'mkdir -p "$1/out" && echo data >"$1/out/data"',
      "sh",
      join(target.base, "outputs", id),
    ]);
    expect(made.exitCode).toBe(0);
  }
  const values = {
    BASE: target.base,
    INPUT: join(target.base, "outputs", input, "out"),
    OWN: "$1/..",
    PORT: readPort(),
    HOST_PID: neighbour.pid ?? 0,
  };
  const head = Object.entries(values).map(([name, value]) => `${name}="${value}"`);
  const script = [...head, PROBE].join("\n");
  const { number, ids: own } = await target.addBatch([
    { stage: "probe", script, runtime: stand.table(kind, `input\t${input}`) },
  ]);
  const [id = ""] = own;
  await submit(number);
  const result = JSON.parse((await target.read(id, "repx/result.json")) ?? "{}");
  return {
    id,
    input,
    exitCode: result.exitCode,
    read: async (name) => ((await target.read(id, `out/${name}`)) ?? "").trim(),
  };
}

describe.each(ISOLATING)("in %s a job", (kind) => {
  let probed: Probed;
  beforeAll(async () => {
    probed = await probe(kind);
  });

  test("ends with the exit code of its program", async () => {
    expect(await stand.target.read(probed.id, "repx/stderr.log")).toBe("");
    expect(probed.exitCode).toBe(7);
  });

  test.each(["root", "program", "store", "image"])("cannot write the root: %s", async (name) => {
    expect(await probed.read(name)).toBe("no");
  });

  test("reads its inputs and cannot change them", async () => {
    expect(await probed.read("input")).toBe("data");
    expect(await probed.read("input-written")).toBe("no");
    expect(await probed.read("input-new")).toBe("no");
  });

  test("sees of other jobs only its inputs, and nothing else below the base path", async () => {
    expect((await probed.read("outputs")).split("\n").toSorted()).toEqual([probed.input, probed.id].toSorted());
    expect(await probed.read("base")).toBe("artifacts\noutputs");
    expect(await probed.read("own-job")).toBe("no");
    expect(await probed.read("token")).toBe("no");
  });

  test("has a /tmp of its own", async () => {
    expect(await probed.read("tmp")).toBe("mine");
    expect(await probed.read("tmp-host")).toBe("no");
    expect(existsSync("/tmp/mine")).toBe(false);
  });

  test("has no network but its own loopback", async () => {
    expect(await probed.read("served")).toBe("no");
    expect(await probed.read("net")).toBe("lo");
  });

  test("sees no process of the node", async () => {
    expect(await probed.read("killed")).toBe("no");
  });

  test("has the environment that it is promised, and nothing of the session's", async () => {
    const names = (await probed.read("names")).split("\n");
    expect(names).toEqual(expect.arrayContaining(["HOME", "LOGNAME", "PATH", "SLURM_JOB_ID", "TMPDIR", "USER"]));
    expect(names).not.toContain("SECRET");
    expect(names).not.toContain("SLURM_CONF");
    expect(await probed.read("environment")).toContain(`USER=${stand.user.name}\n`);
    expect(await probed.read("folder")).toBe(join(stand.target.base, "outputs", probed.id, "out"));
  });

  test("leaves outputs that belong to its user", async () => {
    const { uid, gid } = await stat(join(stand.target.base, "outputs", probed.id, "out/input"));
    expect({ uid, gid }).toEqual({ uid: stand.user.uid, gid: stand.user.gid });
  });

  test("has the network where it is asked for", async () => {
    const script = `wget -q -O "$1/page" "http://127.0.0.1:${readPort()}/"`;
    const { number, ids } = await stand.target.addBatch([
      { stage: "network", script, runtime: stand.table(kind, "network\ton") },
    ]);
    expect((await submit(number)).exitCode).toBe(0);
    expect(await stand.target.read(ids[0] ?? "", "out/page")).toBe("served\n");
  });

  test("cannot use more memory than SLURM has given it", async () => {
    const script = `head -c 300000000 /dev/zero | tail -c 299999999 | wc -c >"$1/count"`;
    const { number, ids } = await stand.target.addBatch([{ stage: "large", script, runtime: stand.table(kind) }]);
    await submit(number, ["--mem=120M"]);
    expect(await stand.target.read(ids[0] ?? "", "out/count")).not.toBe("299999999\n");
    const small = `head -c 30000000 /dev/zero | tail -c 29999999 | wc -c >"$1/count"`;
    const again = await stand.target.addBatch([{ stage: "small", script: small, runtime: stand.table(kind) }]);
    expect((await submit(again.number, ["--mem=120M"])).exitCode).toBe(0);
  });
});

test("nothing that a job needs for its runtime is left in its folders", async () => {
  const { stdout } = await tryCommand(["find", stand.target.base, "-name", ".*", "-type", "f"]);
  expect(stdout).toBe("");
});
