import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand, tryCommand } from "../harness/command.ts";
import { renderEnvFile } from "../harness/env-file.ts";
import { renderEpilogWrapper } from "../harness/epilog-wrapper.ts";
import { findFreePorts, isFree } from "../harness/free-port.ts";
import { isAlive, readProcess, startDaemon, stopByPidFile, stopProcess } from "../harness/process.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";

const STUBBORN = ["/bin/bash", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"] as const;

test("ends a daemon that ignores TERM with KILL, and writes its output to the log", async () => {
  await using scratch = await startScratchFolder();
  const files = {
    folder: scratch.path,
    logFile: join(scratch.path, "log/d.log"),
    pidFile: join(scratch.path, "d.pid"),
  };
  const { pid } = await startDaemon({ argv: STUBBORN, ...files });
  await waitUntil({ what: "the daemon to be up", timeoutSeconds: 5 }, async () =>
    (await tryCommand(["cat", files.logFile])).stdout.includes("up"),
  );
  await stopByPidFile(files.pidFile, { comm: "bash", graceSeconds: 0.3 });
  expect(await readProcess(pid)).toBeUndefined();
});

test("leaves a process alone that took over the pid of a stale pid file", async () => {
  await using scratch = await startScratchFolder();
  const pidFile = join(scratch.path, "slurmd.pid");
  const child = spawn("sleep", ["300"]);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  await writeFile(pidFile, `${pid}\n`);
  await stopByPidFile(pidFile, { comm: "slurmd", graceSeconds: 0 });
  expect(await isAlive(pid, { comm: "sleep" })).toBe(true);
  expect(await isAlive(pid, { comm: "sleep", mentions: "/another/folder" })).toBe(false);
  await stopProcess(pid, { comm: "sleep", mentions: "300", graceSeconds: 2 });
  expect(await isAlive(pid, { comm: "sleep" })).toBe(false);
});

test("takes a zombie for dead", async () => {
  const parent = spawn("/bin/bash", ["-c", "sleep 0.01 & echo $!; exec sleep 300"]);
  const [bytes] = await once(parent.stdout, "data");
  const zombie = Number(String(bytes));
  await waitUntil({ what: "the zombie", timeoutSeconds: 5 }, async () =>
    (await tryCommand(["cat", `/proc/${zombie}/status`])).stdout.includes("State:\tZ"),
  );
  expect(await isAlive(zombie, { comm: "sleep" })).toBe(false);
  parent.kill("SIGKILL");
  await once(parent, "exit");
});

test("finds ports that are free, each once", async () => {
  const ports = await findFreePorts(20);
  expect(new Set(ports).size).toBe(20);
  const server = createServer().listen(ports[0], "127.0.0.1");
  await once(server, "listening");
  expect(await isFree(ports[0] ?? 0)).toBe(false);
  server.close();
});

test("gives up a wait at its deadline and says what for", async () => {
  const wait = waitUntil({ what: "Godot", timeoutSeconds: 0.1 }, async () => false);
  await expect(wait).rejects.toThrow("in vain for Godot");
});

test("ends a command at its deadline, and throws one's output when it fails", async () => {
  expect((await tryCommand(["sleep", "300"], { timeoutSeconds: 0.2 })).exitCode).toBe(124);
  await expect(runCommand(["sh", "-c", "echo why >&2; exit 4"])).rejects.toThrow(/ended with 4\nwhy/);
});

test("refuses a folder whose name would need quoting, or that others cannot reach", async () => {
  await expect(makeTraversableFolder("/tmp/a b")).rejects.toThrow("has only letters");
  await expect(makeTraversableFolder("/root/rx-check")).rejects.toThrow("/root is closed to other users");
  await tryCommand(["rmdir", "/root/rx-check"]);
});

test("refuses a setting for the epilog that a shell would touch", () => {
  expect(() => renderEpilogWrapper("/x/epilog", { A: "$(id)" })).toThrow("cannot stand unquoted");
});

test("refuses a secret that no quotes of an env file can hold", () => {
  expect(() => renderEnvFile({ A: "'`" })).toThrow("the value of A cannot stand");
});
