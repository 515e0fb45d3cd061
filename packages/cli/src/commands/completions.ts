import { readFile } from "node:fs/promises";
import type { Command } from "../command.ts";

const SHELLS = ["bash", "zsh", "fish"];

/** Prints what makes a shell complete the words of `repx`. */
export const COMPLETIONS: Command = {
  name: "completions",
  summary: "print what makes a shell complete the words of repx",
  description:
    "Commands and flags are completed, and the runs, groups, stages and jobs of the Lab that is looked at: " +
    "./result, or what --lab names. The script goes where the shell looks for completions, or is read by its start-up file.",
  operands: [{ name: "SHELL", summary: "the shell", choices: SHELLS }],
  flags: {},
  examples: [
    'eval "$(repx completions bash)"    # in ~/.bashrc',
    'eval "$(repx completions zsh)"     # in ~/.zshrc, after compinit',
    "repx completions fish > ~/.config/fish/completions/repx.fish",
  ],
  async run({ operands, screen, isSet }) {
    const [shell = ""] = operands;
    const script = await readFile(new URL(`../../completions/repx.${shell}`, import.meta.url), "utf8");
    if (isSet("json")) screen.printJson({ shell, script });
    else screen.write(script);
    return 0;
  },
};
