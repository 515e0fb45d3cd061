import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runCommand } from "../command/command.ts";
import { makeLoginMark, renderLoginCommand, startLoginFilter } from "./login-command.ts";

/** The login shells that are about, as sshd starts them. */
const SHELLS: readonly (readonly string[])[] = [["sh"], ["dash"], ["busybox", "sh"], ["bash"], ["tcsh"], ["fish"]];

const words = fc.array(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(...Array.from("'\"\\!\n\r\t $`*~#%^&;|<>(){}[]-=0u\u0001\u007F\uE000\uF701é𝒳")),
      maxLength: 40,
    }),
  ),
  { minLength: 1, maxLength: 300 },
);

test.each(SHELLS)("hands any words over as they are through %s", async (...shell) => {
  await fc.assert(
    fc.asyncProperty(words, async (drawn) => {
      const given = drawn.map((word) => word.replaceAll("\0", "").toWellFormed());
      const mark = makeLoginMark();
      const command = renderLoginCommand(["printf", String.raw`%s\0`, ...given], mark);
      const output = await runCommand({ argv: [...shell.filter((part) => typeof part === "string"), "-c", command] });
      expect(output.stderr).toBe(`${mark.stderr}\n`);
      expect(output.stdout).toBe([`${mark.stdout}\n${given[0]}`, ...given.slice(1), ""].join("\0"));
    }),
    { numRuns: 8 },
  );
});

test("has no character that a shell may mind between single quotes", () => {
  fc.assert(
    fc.property(words, (given) => {
      const command = renderLoginCommand(["x", ...given.map((word) => word.replaceAll("\0", ""))], makeLoginMark());
      const parts = command.split("'");
      expect(parts).toHaveLength(9);
      expect(parts[3]).toMatch(/^(?:[^!\\']|\\0[0-3][0-7]{2})*$/);
      expect(command).toMatch(/^[ -~]*$/);
    }),
  );
});

test("refuses a command that is longer than an argument of Linux may be", async () => {
  const mark = makeLoginMark();
  const spare = 131_071 - renderLoginCommand(["true", ""], mark).length;
  const longest = renderLoginCommand(["true", "x".repeat(spare)], mark);
  expect(await runCommand({ argv: ["sh", "-c", longest] })).toMatchObject({ exitCode: 0 });
  expect(() => renderLoginCommand(["true", "x".repeat(spare + 1)], mark)).toThrow(TypeError);
});

test("is not taken in by a shell that echoes the command", async () => {
  const mark = makeLoginMark();
  const output = await runCommand({ argv: ["bash", "-vxc", renderLoginCommand(["echo", "own"], mark)] });
  expect(output.stderr.indexOf(mark.stderr)).toBe(output.stderr.lastIndexOf(mark.stderr));
  expect(output.stderr.endsWith(`${mark.stderr}\n`)).toBe(true);
});

test("keeps the command's own words where a start-up file sends stderr to stdout", async () => {
  const folder = await mkdtemp(join(tmpdir(), "repx-login-"));
  // bash reads it when its stdin is a socket: it takes itself for one that sshd started.
  await writeFile(join(folder, ".bashrc"), "echo hello; exec 2>&1");
  const mark = makeLoginMark();
  const output = await runCommand({
    argv: ["bash", "-c", renderLoginCommand(["sh", "-c", "echo out; echo err >&2"], mark)],
    environment: { PATH: "/usr/bin:/bin", HOME: folder },
  });
  expect(output.stdout).toMatch(/^hello\n/);
  const filter = startLoginFilter(mark.stdout);
  expect(filter.take(Buffer.from(output.stdout))?.toString()).toBe("out\nerr\n");
  await rm(folder, { recursive: true });
});

test("drops what comes before the mark, however the stream is cut", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 30, maxLength: 60 });
  fc.assert(
    fc.property(fc.string({ maxLength: 6000 }), fc.string({ maxLength: 100 }), cuts, (before, own, sizes) => {
      const filter = startLoginFilter("the mark");
      let rest = Buffer.from(`${before}the mark\n${own}`);
      const taken: Buffer[] = [];
      for (const size of [...sizes, rest.length]) {
        taken.push(filter.take(rest.subarray(0, size)) ?? Buffer.alloc(0));
        rest = rest.subarray(size);
      }
      expect(Buffer.concat(taken).toString()).toBe(Buffer.from(own).toString());
      expect(filter.isPassed()).toBe(true);
    }),
  );
});

test("keeps the end of what was printed while there is no mark", () => {
  const filter = startLoginFilter("the mark");
  for (let index = 0; index < 1000; index++) expect(filter.take(Buffer.from(`line ${index}\n`))).toBeUndefined();
  expect(filter.isPassed()).toBe(false);
  expect(filter.printed()).toHaveLength(4096);
  expect(filter.printed().endsWith("line 998\nline 999\n")).toBe(true);
});
