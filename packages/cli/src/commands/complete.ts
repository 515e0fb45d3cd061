import { resolve } from "node:path";
import { Lab } from "@repx/core/lab";
import { RepxError } from "@repx/core/model";
import { completeWords, type Candidate, type NameReader } from "../complete-words.ts";
import type { Command, CommandCall } from "../command.ts";
import { count } from "../count.ts";

const MOST = 500;

/** Makes the command that completions of a shell ask; not for people. */
export function makeComplete(commands: readonly Command[]): Command {
  return {
    name: "complete",
    summary: "answer what may stand in the place of the last word",
    operands: [{ name: "WORDS", summary: "the words after `repx`", isOptional: true, isRepeatable: true }],
    flags: {},
    examples: ["repx complete -- list jo"],
    isHidden: true,
    async run(call) {
      const answer = await completeWords(call.operands, commands, makeNameReader(call));
      if ("files" in answer) call.screen.print(`:${answer.files}`);
      else
        for (const { word, meaning } of answer.candidates.slice(0, MOST)) call.screen.print(renderLine(word, meaning));
      return 0;
    },
  };
}

function renderLine(word: string, meaning: string | undefined): string {
  return meaning === undefined ? word : `${word}\t${meaning}`;
}

function makeNameReader({ cwd }: CommandCall): NameReader {
  return async (kind, labPath, begun) => {
    try {
      await using lab = await Lab.open(resolve(cwd, labPath));
      return await listNames(lab, kind, begun);
    } catch (error) {
      // No Lab, no names: a person at the prompt has not asked for a message.
      if (error instanceof RepxError) return [];
      throw error;
    }
  };
}

/** Jobs are many and their ids say little, so they come after runs, and where no run begins like that. */
async function listNames(lab: Lab, kind: string, begun: string): Promise<Candidate[]> {
  if (kind === "stage") return [...new Set((await lab.jobs()).map(({ stage }) => stage))].map((word) => ({ word }));
  const runs = lab
    .runs()
    .map(({ name, jobIds }) => ({ word: String(name), meaning: `run of ${count(jobIds.length, "job")}` }));
  const groups = [...lab.groups()].map(([name, { length }]) => ({
    word: `@${name}`,
    meaning: `group of ${count(length, "run")}`,
  }));
  const named = [...runs, ...groups];
  if (kind === "run" && named.some(({ word }) => word.startsWith(begun))) return named;
  return [...named, ...(await lab.jobs()).map(({ id }) => ({ word: String(id) }))];
}
