import { expect, test } from "vitest";
import { PAINT, WAIT } from "./command.fixture.ts";
import { completeWords, type NameReader } from "./complete-words.ts";

const asked: string[] = [];
const readNames: NameReader = async (kind, labPath) => {
  asked.push(`${kind} of ${labPath}`);
  return [{ word: "kitchen", meaning: "run of 3 jobs" }, { word: "@all" }];
};

async function complete(line: string): Promise<unknown> {
  const hidden = { ...WAIT, name: "hidden", isHidden: true };
  const answer = await completeWords(line.split(" "), [PAINT, WAIT, hidden], readNames);
  return "files" in answer ? answer.files : answer.candidates.map(({ word }) => word);
}

test.each([
  ["", ["paint", "wait"]],
  ["p", ["paint"]],
  ["hid", []],
  ["-", ["--help", "--version"]],
  ["--lab ", "file"],
  ["--lab x.tar p", ["paint"]],
  ["paint ", ["wall", "door"]],
  ["paint d", ["door"]],
  ["paint -q ", ["wall", "door"]],
  ["paint wall ", ["kitchen", "@all"]],
  ["paint wall @", ["@all"]],
  ["paint --coats 2 wall k", ["kitchen"]],
  ["paint wall hall ", []],
  ["paint wall --co", ["--colour", "--coats"]],
  ["paint --colour red --coats 1 --co", ["--colour"]],
  ["paint --colour ", ["red", "green"]],
  ["paint -c g", ["green"]],
  ["paint --colour=r", ["--colour=red"]],
  ["paint --coats ", []],
  ["paint --lab ", "file"],
  ["paint --target=", "folder"],
  ["wait ", []],
  ["nothing ", []],
])("%j may go on with %j", async (line, words) => {
  expect(await complete(line)).toEqual(words);
});

test("names are those of the Lab that the line names", async () => {
  asked.length = 0;
  await complete("paint wall -l lab.tar ");
  await complete("--lab=other paint wall ");
  await complete("paint wall ");
  expect(asked).toEqual(["run of lab.tar", "run of other", "run of ./result"]);
});
