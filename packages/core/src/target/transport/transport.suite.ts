// What every Transport does, whichever way it reaches the target. Called inside a `describe` by each kind's tests.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { runChecked, type Transport } from "./transport.ts";

async function* breakAfterOne(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("x");
  throw new Error("the source broke");
}

function breakNow(): never {
  throw new Error("the taker broke");
}

/** Declares the tests; `open` gives a fresh Transport for each. */
export function testTransport(open: () => Promise<Transport>): void {
  test("returns stdout, stderr and the exit code apart", async () => {
    await using transport = await open();
    const output = await transport.run({ argv: ["sh", "-c", "echo out; echo err >&2; exit 7"] });
    expect(output).toMatchObject({ exitCode: 7, stdout: "out\n", stderr: "err\n" });
    expect(output.durationMs).toBeGreaterThan(0);
  });

  test("hands over every word as it is", async () => {
    await using transport = await open();
    const words = [
      "",
      " ",
      "a b",
      "'",
      '"',
      "$HOME",
      "`id`",
      "\\",
      "\n",
      "*",
      "~",
      "!x",
      "é ✓ 𝒳",
      "-n",
      "&;|<>(){}[]#",
    ];
    const output = await transport.run({ argv: ["printf", "<%s>", ...words] });
    expect(output.stdout).toBe(words.map((word) => `<${word}>`).join(""));
  });

  test("carries a word of 100 kB", async () => {
    await using transport = await open();
    const word = "a b'\\".repeat(300) + "x".repeat(98_800);
    expect((await transport.run({ argv: ["printf", "%s", word] })).stdout).toBe(word);
  });

  test("answers 127 for a program that does not exist", async () => {
    await using transport = await open();
    const output = await transport.run({ argv: ["repx-no-such-program"] });
    expect(output.exitCode).toBe(127);
    expect(output.stderr).not.toBe("");
  });

  test("answers 128 plus the signal for a command that a signal ends", async () => {
    await using transport = await open();
    const output = await transport.run({ argv: ["sh", "-c", "kill -KILL $$"] });
    expect(output.exitCode).toBe(137);
  });

  test("gives a command an empty stdin when none is named", async () => {
    await using transport = await open();
    expect((await transport.run({ argv: ["cat"] })).stdout).toBe("");
  });

  test("carries text and bytes on stdin unchanged", async () => {
    await using transport = await open();
    expect((await transport.run({ argv: ["cat"], stdin: "é\n\0end" })).stdout).toBe("é\n\0end");
    const bytes = randomBytes(3_000_000);
    const output = await transport.run({ argv: ["od", "-An", "-v", "-tx1"], stdin: bytes });
    expect(output.stdout.replaceAll(/\s/g, "")).toBe(bytes.toString("hex"));
  });

  test("streams stdin at the reader's pace", async () => {
    await using transport = await open();
    const chunk = Buffer.alloc(256 * 1024, "x");
    let given = 0;
    async function* produce(): AsyncGenerator<Uint8Array> {
      for (; given < 256; given++) yield chunk;
    }
    const running = transport.run({
      argv: ["sh", "-c", "head -c 1000 >/dev/null; sleep 0.3; wc -c"],
      stdin: produce(),
    });
    await sleep(250);
    expect(given).toBeLessThan(200);
    const rest = Number((await running).stdout);
    expect(rest).toBeGreaterThan(60 * 1024 * 1024);
    expect(given).toBe(256);
  });

  test("hands stdout over as it is, and keeps none of it", async () => {
    await using transport = await open();
    const bytes = randomBytes(5_000_000);
    const chunks: Uint8Array[] = [];
    const output = await transport.run({
      argv: ["sh", "-c", "cat; echo said >&2; exit 3"],
      stdin: bytes,
      onStdout: (chunk) => void chunks.push(chunk),
    });
    expect(output).toMatchObject({ exitCode: 3, stdout: "", stderr: "said\n" });
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test("hands stdout over at the taker's pace", async () => {
    await using transport = await open();
    const folder = (await transport.run({ argv: ["mktemp", "-d"] })).stdout.trim();
    const script =
      'i=0; while [ "$i" -lt 200 ]; do i=$((i + 1)); echo "$i" >"$1/made"; head -c 1000000 /dev/zero; done';
    let taken = 0;
    const aheads: number[] = [];
    await transport.run({
      argv: ["sh", "-c", script, "sh", folder],
      onStdout: async (chunk) => {
        const isDue = taken % 60_000_000 > (taken + chunk.length) % 60_000_000 || taken === 0;
        taken += chunk.length;
        if (!isDue) return;
        await sleep(200);
        const { stdout } = await transport.run({ argv: ["cat", `${folder}/made`] });
        aheads.push(Number(stdout) * 1e6 - taken);
      },
    });
    await transport.run({ argv: ["rm", "-r", folder] });
    expect(taken).toBe(200_000_000);
    expect(aheads).toHaveLength(4);
    expect(Math.max(...aheads)).toBeLessThan(10_000_000);
  });

  test.each([
    ["at once", () => breakNow()],
    ["later", async () => sleep(20).then(breakNow)],
  ])("rejects with the error of a taker that fails %s, and ends the command", async (_, take) => {
    await using transport = await open();
    let calls = 0;
    const onStdout = (): void | Promise<void> => {
      calls++;
      return take();
    };
    const running = transport.run({ argv: ["sh", "-c", "while :; do echo y; done"], onStdout, deadlineSeconds: 30 });
    await expect(running).rejects.toThrow("the taker broke");
    expect(calls).toBe(1);
    expect((await transport.run({ argv: ["echo", "alive"] })).stdout).toBe("alive\n");
  });

  test("gives up at the deadline also when the taker never settles", async () => {
    await using transport = await open();
    const running = transport.run({
      argv: ["sh", "-c", "echo begun; sleep 100"],
      onStdout: async () => new Promise(() => {}),
      deadlineSeconds: 0.3,
    });
    await expect(running).rejects.toMatchObject({ code: "SSH_TIMEOUT", details: { stdout: "" } });
  });

  test("ends when the command ends without reading its stdin", async () => {
    await using transport = await open();
    let isClosed = false;
    async function* forever(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(100_000);
      } finally {
        isClosed = true;
      }
    }
    const output = await transport.run({ argv: ["sh", "-c", "exit 3"], stdin: forever(), deadlineSeconds: 20 });
    expect(output.exitCode).toBe(3);
    expect(isClosed).toBe(true);
  });

  test("rejects with the source's own error and ends the command", async () => {
    await using transport = await open();
    await expect(transport.run({ argv: ["cat"], stdin: breakAfterOne() })).rejects.toThrow("the source broke");
  });

  test("gives up at the deadline with SSH_TIMEOUT and still serves other commands", async () => {
    await using transport = await open();
    const slow = transport.run({ argv: ["sh", "-c", "echo begun; sleep 100"], deadlineSeconds: 0.3 });
    const error = await slow.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RepxError);
    expect(error).toMatchObject({ code: "SSH_TIMEOUT", details: { stdout: "begun\n" } });
    expect((await transport.run({ argv: ["echo", "alive"] })).stdout).toBe("alive\n");
  });

  test("still serves others when commands end just as their time is over", async () => {
    await using transport = await open();
    // Whether each makes it is chance; that the connection stays is not.
    for (let index = 0; index < 10; index++) {
      await Promise.allSettled([transport.run({ argv: ["sleep", "0.1"], deadlineSeconds: 0.08 + index * 0.01 })]);
    }
    const failing = Array.from({ length: 8 }, async () => transport.run({ argv: ["true"], stdin: breakAfterOne() }));
    await Promise.allSettled(failing);
    expect((await transport.run({ argv: ["echo", "alive"] })).stdout).toBe("alive\n");
  });

  test("lets a command clean up at the deadline", async () => {
    await using transport = await open();
    const folder = (await transport.run({ argv: ["mktemp", "-d"] })).stdout.trim();
    const script = "trap 'rmdir \"$1\"; exit 1' TERM; sleep 100 & wait";
    const late = transport.run({ argv: ["sh", "-c", script, "sh", folder], deadlineSeconds: 0.3 });
    await expect(late).rejects.toMatchObject({ code: "SSH_TIMEOUT" });
    expect((await transport.run({ argv: ["test", "-e", folder] })).exitCode).toBe(1);
  });

  test("leaves no process behind at the deadline", async () => {
    await using transport = await open();
    const mark = `31${Math.floor(Math.random() * 1e9)}`;
    await transport.run({ argv: ["sh", "-c", `sleep ${mark} & wait`], deadlineSeconds: 0.3 }).catch(() => {});
    const found = await transport.run({ argv: ["sh", "-c", `ps -eo args | grep -c "^sleep ${mark}$"`] });
    expect(found.stdout).toBe("0\n");
  });

  test("runs twenty commands side by side", async () => {
    await using transport = await open();
    const numbers = Array.from({ length: 20 }, (_, index) => String(index));
    const outputs = await Promise.all(numbers.map((number) => transport.run({ argv: ["echo", number] })));
    expect(outputs.map((output) => output.stdout.trim())).toEqual(numbers);
  });

  test("runChecked throws the Output, the last line of stderr and nothing of stdin", async () => {
    await using transport = await open();
    const request = { argv: ["sh", "-c", "cat >/dev/null; echo first >&2; echo last >&2; exit 9"], stdin: "s3cret" };
    const error = await runChecked(transport, request).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "SSH_COMMAND_FAILED", details: { exitCode: 9, stderr: "first\nlast\n" } });
    expect(String(error)).toContain("last");
    expect(String(error)).toContain(transport.description);
    expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
    await expect(runChecked(transport, { argv: ["false"] }, "SYNC_FAILED")).rejects.toMatchObject({
      code: "SYNC_FAILED",
    });
  });
}
