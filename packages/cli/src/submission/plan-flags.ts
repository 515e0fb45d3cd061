// The flags that decide which jobs run, and in what.
import type { ExperimentRequest } from "@repx/core";
import { RepxError } from "@repx/core/model";
import type { CommandCall, Flag } from "../command.ts";
import { parseParameterChoice } from "../parameters.ts";

const RUNTIMES = ["native", "bwrap", "podman", "docker"] as const;
const MOST_REV = 999_999_999;

/** For every command that plans. */
export const PLAN_FLAGS = {
  force: { short: "f", summary: "run the named jobs again though they succeeded; what they need is reused" },
  rev: { value: "N", summary: "as --force, but once: what succeeded as revision N or a later one is reused" },
  "only-failed": { summary: "only jobs whose last attempt did not succeed, and those that need them" },
  param: {
    short: "p",
    value: "KEY=VALUE",
    isRepeatable: true,
    summary: "only jobs with this parameter, and what they need",
  },
  runtime: {
    value: "RUNTIME",
    choices: RUNTIMES,
    summary: "what the jobs run in",
    fallback: "what the target's config chooses",
  },
  "fail-fast": { summary: "cancel what has not ended when the first job fails; of the scheduler local alone" },
} as const satisfies Readonly<Record<string, Flag>>;

/** Reads the flags. INPUT_INVALID where one has a value that it cannot have, or two of them contradict each other. */
export function readPlanFlags(
  call: Pick<CommandCall, "text" | "texts" | "isSet">,
): Pick<ExperimentRequest, "wishes" | "runtime"> {
  const rev = readRev(call.text("rev"));
  const isForced = call.isSet("force");
  if (isForced && rev !== undefined) {
    throw new RepxError("INPUT_INVALID", `--force and --rev ${rev} are given together`, {
      hint: "--force runs the jobs each time; --rev runs them once for each number. Choose one.",
    });
  }
  const runtime = RUNTIMES.find((one) => one === call.text("runtime"));
  return {
    wishes: { isForced, rev, isOnlyFailed: call.isSet("only-failed"), parameters: readParameters(call.texts("param")) },
    ...(runtime === undefined ? {} : { runtime }),
    ...(call.isSet("fail-fast") ? { isFailFast: true } : {}),
  };
}

function readRev(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rev = Number(text);
  if (/^[0-9]+$/.test(text) && rev >= 1 && rev <= MOST_REV) return rev;
  throw new RepxError("INPUT_INVALID", `--rev ${text} is no revision`, {
    hint: `Write a whole number from 1 to ${MOST_REV}, a higher one each time that the jobs are to run anew.`,
  });
}

function readParameters(words: readonly string[]): { name: string; value: string }[] {
  const { shown, wanted } = parseParameterChoice(words);
  const bare = shown.find((name) => !wanted.some(([key]) => key === name));
  if (bare !== undefined) {
    throw new RepxError("INPUT_INVALID", `--param ${bare} has no value`, {
      hint: `Write it after a =: --param ${bare}=1.`,
    });
  }
  return wanted.map(([name, value]) => ({ name, value }));
}
