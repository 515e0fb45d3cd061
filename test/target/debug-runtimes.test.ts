// A shell where a job runs, in each of the runtimes that isolate, without SLURM.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tryCommand, type CommandOutput } from "../harness/command.ts";
import { ISOLATING, startRuntimeStand, type RuntimeStand } from "./runtime-stand.ts";

let stand: RuntimeStand;

beforeAll(async () => {
  stand = await startRuntimeStand();
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

async function debug(job: string, ...command: readonly string[]): Promise<CommandOutput> {
  const { target, user, environment } = stand;
  return tryCommand([join(target.programs, "repx-debug"), target.base, target.submission, job, ...command], {
    folder: "/",
    user,
    environment: { HOME: user.home, ...environment },
  });
}

test.each(ISOLATING)(
  "in %s a command sees what the job would, and the job's program leaves its outputs there",
  async (kind) => {
    const { target } = stand;
    const { ids } = await target.addBatch([
      { stage: "one", script: 'cp "$2" "$1/given"; exit 4', runtime: stand.table(kind) },
    ]);
    const [id = ""] = ids;
    const probe = "ls; ls /etc/hostname; touch /nix/store/x; ../repx/run; echo ended with $?; cat given";
    const ran = await debug(id, probe);
    expect({ exitCode: ran.exitCode, stdout: ran.stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/ended with 4\n\{\n? *"data": ?"\/in put"/),
    });
    expect(ran.stderr).toMatch(/\/nix\/store\/x.*(Read-only|No such)/i);
    expect(await readdir(join(target.folder, "debug", `${id}.1`))).toEqual(expect.arrayContaining(["out", "repx"]));
    expect(await target.read(id, "repx/job.json")).toBeUndefined();
  },
);

test.each(ISOLATING)("in %s a shell on a terminal takes what is typed", async (kind) => {
  const { target, user, environment } = stand;
  const { ids } = await target.addBatch([{ stage: "one", script: "true", runtime: stand.table(kind) }]);
  const line = ["./bin/test/repx-debug", ".", target.submission, ids[0] ?? ""].join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    cwd: target.base,
    uid: user.uid,
    gid: user.gid,
    env: { ...process.env, HOME: user.home, ...environment },
    timeout: 60_000,
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (!shown.includes("exit leaves") && text.includes("exit leaves")) child.stdin.write("echo $((6 * 7)); exit 9\n");
    shown += text;
  });
  const [status] = await once(child, "close");
  expect({ status, shown: stripVTControlCharacters(shown) }).toEqual({
    status: 9,
    shown: expect.stringMatching(/^42\s*$/m),
  });
});

test("a job that the submission does not have is named", async () => {
  expect(await debug("00000000000000000000000000009999-none-1.0", "true")).toMatchObject({
    exitCode: 66,
    stderr: expect.stringContaining("has no job 00000000000000000000000000009999-none-1.0"),
  });
});
