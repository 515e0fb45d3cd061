import { describe, expect, test } from "vitest";
import { PAINT, WAIT } from "./command.fixture.ts";
import { parseCommandLine, type CommandLine } from "./parse-command-line.ts";

const COMMANDS = [PAINT, WAIT];

function parseLine(words: string): CommandLine {
  const request = parseCommandLine(words.split(" "), COMMANDS);
  if (request.kind !== "command") throw new Error(`${words} asks for ${request.kind}`);
  return request.line;
}

test("operands and flags stand in any order, short or long, joined or apart", () => {
  for (const words of [
    "paint wall hall --coats 2 -q -c red --colour=green",
    "paint -qc red --coats=2 wall -c green hall",
    "paint -q wall --coats 2 --colour red -cgreen -- hall",
  ]) {
    const line = parseLine(words);
    expect(line.operands).toEqual(["wall", "hall"]);
    expect(line.text("coats")).toBe("2");
    expect(line.texts("colour")).toEqual(["red", "green"]);
    expect(line.isSet("quickly")).toBe(true);
    expect(line.isSet("lab")).toBe(false);
    expect(line.text("lab")).toBeUndefined();
  }
});

test("a word after -- is an operand, whatever it begins with", () => {
  expect(parseLine("paint wall -- --help").operands).toEqual(["wall", "--help"]);
});

test("a dash alone is a value", () => {
  expect(parseLine("paint wall --lab - --coats -").text("coats")).toBe("-");
});

test("flags of a Lab may stand before the command", () => {
  const line = parseLine("--lab x.tar paint wall");
  expect([line.text("lab"), line.operands]).toEqual(["x.tar", ["wall"]]);
});

test.each([
  ["", "help"],
  ["--help", "help"],
  ["help", "help"],
  ["--version", "version"],
  ["-V", "version"],
])("%j asks for the program's %s", (words, kind) => {
  expect(parseCommandLine(words === "" ? [] : words.split(" "), COMMANDS)).toEqual({ kind });
});

test.each(["paint --help", "help paint", "paint wall --nothing -h"])("%j asks for the command's help", (words) => {
  expect(parseCommandLine(words.split(" "), COMMANDS)).toEqual({ kind: "help", command: PAINT });
});

describe("a wrong command line is refused with what would be right", () => {
  test.each([
    ["pant", "INPUT_INVALID", 'there is no command "pant"', "Did you mean paint? The commands are paint, wait."],
    ["xyzzyx", "INPUT_INVALID", 'there is no command "xyzzyx"', "The commands are paint, wait."],
    ["--colour", "INPUT_MISSING", "there is no command, only --colour", "`repx --help` lists them"],
    ["paint", "INPUT_MISSING", "`repx paint` needs one of wall, door", "See `repx paint --help`."],
    [
      "paint dor",
      "INPUT_INVALID",
      'the word after `repx paint` is "dor"',
      "Did you mean door? It is one of wall, door; PLACE comes after it.",
    ],
    ["paint wall a b", "INPUT_INVALID", '`repx paint` has no use for "b"', "See `repx paint --help`."],
    ["wait --lab x", "INPUT_INVALID", "`repx wait` has no flag --lab", "Its flags are --json, --help."],
    ["paint wall --color red", "INPUT_INVALID", "`repx paint` has no flag --color", "Did you mean --colour?"],
    ["paint wall --constructor", "INPUT_INVALID", "has no flag --constructor", "Its flags are"],
    ["paint wall -x", "INPUT_INVALID", "`repx paint` has no flag -x", "Its flags are --json, --help, --lab"],
    ["paint wall --colour blue", "INPUT_INVALID", '--colour is "blue"', "It is one of red, green."],
    ["paint wall --colour", "INPUT_MISSING", "--colour needs a value", "Write --colour red|green."],
    ["paint wall --coats -q", "INPUT_MISSING", "--coats needs a value", "Write --coats NUMBER."],
    ["paint wall --coats=", "INPUT_MISSING", "--coats needs a value", "Write --coats NUMBER."],
    ["paint wall --quickly=yes", "INPUT_INVALID", "--quickly takes no value", "Write --quickly alone."],
    ["paint wall --coats 1 --coats 2", "INPUT_INVALID", "--coats is given twice", "See `repx paint --help`."],
  ])("%s", (words, code, message, hint) => {
    expect(() => parseCommandLine(words.split(" "), COMMANDS)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
    );
  });
});
