import { expect, test } from "vitest";
import { runCommand } from "./command.ts";
import { quoteShell, showWord } from "./quote.ts";

/** Deterministic numbers (Park and Miller 1988), so that a failure can be seen again. */
function startNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

function makeWords(seed: number): string[] {
  const below = startNumbers(seed);
  const nasty = [
    "'",
    '"',
    "\\",
    "\n",
    "\t",
    " ",
    "$",
    "`",
    "!",
    "*",
    "~",
    "#",
    "\u0001",
    "\u007F",
    "é",
    "𝒳",
    "%",
    "''",
    "-",
  ];
  const one = (): string => {
    const kind = below(3);
    if (kind === 0) return nasty[below(nasty.length)] ?? "";
    return String.fromCodePoint(1 + below(kind === 1 ? 126 : 0xd7fe));
  };
  return Array.from({ length: 1 + below(8) }, () => Array.from({ length: below(30) }, one).join(""));
}

test.each(["sh", "dash", "bash"])("I-39: survives %s with any words", async (shell) => {
  for (let seed = 1; seed <= 60; seed++) {
    const words = makeWords(seed);
    const output = await runCommand({ argv: [shell, "-c", quoteShell(["printf", "%s\\0", ...words])] });
    expect(output.stdout.split("\0").slice(0, -1), `seed ${seed}`).toEqual(words);
  }
});

test.each([
  [["echo"], "'echo'"],
  [["a b", ""], "'a b' ''"],
  [["it's"], String.raw`'it'\''s'`],
])("renders %j as %s", (words, text) => {
  expect(quoteShell(words)).toBe(text);
});

test("refuses a NUL", () => {
  expect(() => quoteShell(["a\0b"])).toThrow(TypeError);
});

test.each([
  ["/scratch/ada/repx", "/scratch/ada/repx"],
  ["user@host:22", "user@host:22"],
  ["/a b", "'/a b'"],
  ["$(id)", "'$(id)'"],
  ["-rf", "'-rf'"],
  ["~", "'~'"],
  ["", "''"],
])("shows %j as %s in a command to copy", (word, text) => {
  expect(showWord(word)).toBe(text);
});
