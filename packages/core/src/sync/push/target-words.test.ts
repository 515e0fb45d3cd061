import fc from "fast-check";
import { expect, test } from "vitest";
import { runCommand } from "../../target/command/command.ts";
import { escapeWord } from "./escape-word.ts";
import { renderTime } from "./parcel-commands.ts";
import { persist } from "./persist.ts";
import { isLoss, openCommands, readLastWords } from "./target-commands.ts";
import { startTimeLimit, type TimeLimit } from "./time-limit.ts";
import { RepxError } from "../../model/errors.ts";
import type { Output, Transport } from "../../target/transport/transport.ts";

test.each(["dash", "bash", "busybox"])("a path of any bytes comes through printf of %s", async (shell) => {
  const bytes = fc
    .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes));
  const paths = [...fc.sample(bytes, 40), "\n", "\\0101", "%s", "é\n\n"];
  const script = 'for word in "$@"; do printf "%b" "$word" | od -An -v -tx1; echo end; done';
  const argv = [...(shell === "busybox" ? ["busybox", "sh"] : [shell]), "-c", script, "sh", ...paths.map(escapeWord)];
  const lines = (await runCommand({ argv })).stdout.replaceAll(/[ \n]/g, "").split("end");
  expect(lines.slice(0, -1)).toEqual(paths.map((path) => Buffer.from(path, "latin1").toString("hex")));
});

test.each([0, 1, 86_399, 1_000_000_000, 4_102_444_800])("touch sets %i seconds after 1970", async (seconds) => {
  const script = 'file=$(mktemp) && TZ=UTC0 touch -t "$1" "$file" && stat -c %Y "$file"; rm "$file"';
  for (const shell of [["sh"], ["busybox", "sh"]]) {
    const { stdout } = await runCommand({ argv: [...shell, "-c", script, "sh", renderTime(seconds)] });
    expect(Number(stdout)).toBe(seconds);
  }
});

function startLimit(now: () => number): TimeLimit {
  return startTimeLimit({ seconds: 1000, description: "here", channels: 1 }, now);
}

test("a push's parts get time by their size, and none when all is used up", () => {
  let ms = 0;
  const limit = startLimit(() => ms);
  expect([limit.secondsFor(0), limit.secondsFor(10e6), limit.secondsFor(1e12)]).toEqual([60, 160, 1000]);
  const shared = startTimeLimit({ seconds: 1000, description: "here", channels: 6 }, () => ms);
  expect([shared.secondsFor(0), shared.secondsFor(10e6), shared.secondsFor(Infinity)]).toEqual([60, 660, 1000]);
  ms = 999_000;
  expect(limit.secondsFor(1e6)).toBe(1);
  ms = 1_000_000;
  expect(limit.isOver()).toBe(true);
  expect(() => limit.secondsFor(1)).toThrow(expect.objectContaining({ code: "SSH_TIMEOUT" }));
});

test("repeats what was lost as long as other things arrive, and nothing else", async () => {
  const limit = startLimit(() => 0);
  const lost = new RepxError("SSH_CONNECTION_LOST", "lost", { hint: "" });
  let arrived = 0;
  const attempt = async (number: number): Promise<number> => {
    if (number < 8) {
      if (number % 3 === 0) arrived += 1;
      throw lost;
    }
    return number;
  };
  const by = { limit, countArrived: () => arrived, isStopped: () => false };
  expect(await persist(attempt, by)).toBe(8);
  await expect(persist(attempt, { ...by, countArrived: () => 0 })).rejects.toBe(lost);
  let attempts = 0;
  const broken = new Error("a mistake");
  const fail = async (): Promise<never> => {
    attempts += 1;
    throw broken;
  };
  await expect(persist(fail, by)).rejects.toBe(broken);
  expect(attempts).toBe(1);
});

test.each<[string, Partial<Output>]>([
  ["by the shell's own trap", { exitCode: 143 }],
  ["as the server tells it", { exitCode: 137, signal: "SIGKILL" }],
])("a command that a signal ended, %s, is tried again like one whose connection was lost", async (_, end) => {
  const transport: Transport = {
    description: "here",
    run: async () => ({ exitCode: 0, stdout: "", stderr: "", durationMs: 1, ...end }),
    [Symbol.asyncDispose]: async () => {},
  };
  const limit = startLimit(() => 0);
  const facts = { toolPath: "", hasOpenssl: false };
  const failure = openCommands(transport, { basePath: "/b", facts, limit }).run({ script: "", staging: "s" });
  await expect(failure).rejects.toMatchObject({
    code: "SSH_CONNECTION_LOST",
    message: expect.stringContaining("was ended there by"),
  });
  expect(isLoss(await failure.catch((error: unknown) => error))).toBe(true);
});

test("the last words are those of who knows what happened", () => {
  const said = "tar: x: Cannot open: Permission denied\ntar: Exiting with failure status due to previous errors\n";
  expect(readLastWords(said)).toContain("Permission denied");
  expect(
    readLastWords("dd: error: No space left on device\n1+0 records in\n0+0 records out\n5 bytes copied"),
  ).toContain("No space");
});
