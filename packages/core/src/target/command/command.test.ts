import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { runCommand, streamCommand } from "./command.ts";

test("hands over lines as they come, also a last one without a line feed", async () => {
  const out: string[] = [];
  const err: string[] = [];
  const script = "printf 'a\\nb\\303'; sleep 0.05; printf '\\251\\nlast'; printf 'e1\\ne2\\n' >&2";
  const output = await runCommand({
    argv: ["sh", "-c", script],
    onStdoutLine: (line) => void out.push(line),
    onStderrLine: (line) => void err.push(line),
  });
  expect(out).toEqual(["a", "bé", "last"]);
  expect(err).toEqual(["e1", "e2"]);
  expect(output.stdout).toBe("a\nbé\nlast");
});

test("keeps the end of a stderr without bounds", async () => {
  const output = await runCommand({ argv: ["sh", "-c", "seq 1 300000 >&2"] });
  expect(output.stderr.length).toBe(256 * 1024);
  expect(output.stderr.endsWith("\n299999\n300000\n")).toBe(true);
});

test("ends a command that writes more than can be held", async () => {
  const output = await runCommand({ argv: ["head", "-c", "400000000", "/dev/zero"] });
  expect(output.isOverflown).toBe(true);
});

test("kills what ignores SIGTERM", async () => {
  const output = await runCommand({
    argv: ["sh", "-c", "trap '' TERM; sleep 60; sleep 60"],
    deadlineSeconds: 0.2,
    graceSeconds: 0.1,
  });
  expect(output).toMatchObject({ isTimedOut: true, signal: "SIGKILL" });
});

test("does not wait for a process that left the group with the pipes", async () => {
  const output = await runCommand({
    argv: ["sh", "-c", "setsid sleep 2 & wait"],
    deadlineSeconds: 0.2,
    graceSeconds: 0.1,
  });
  expect(output.isTimedOut).toBe(true);
});

test("runs in the folder it is told", async () => {
  const output = await runCommand({ argv: ["pwd"], cwd: tmpdir() });
  expect(output.stdout).toBe(`${tmpdir()}\n`);
});

test("answers 126 for a file that is no program", async () => {
  expect((await runCommand({ argv: ["/etc/passwd"] })).exitCode).toBe(126);
});

test("streams stdout and tells the end", async () => {
  await using stream = streamCommand({ argv: ["sh", "-c", "cat; echo bad >&2; exit 4"], stdin: "in" });
  expect(await text(stream.stdout)).toBe("in");
  expect(await stream.ended).toMatchObject({ exitCode: 4, stderr: "bad\n", stdout: "" });
});

test("ends a streamed command whose reader leaves", async () => {
  const stream = streamCommand({ argv: ["sh", "-c", "while :; do echo y; done"] });
  stream.stdout.once("data", () => {});
  await stream[Symbol.asyncDispose]();
  expect((await stream.ended).exitCode).not.toBe(0);
});
