import type { Command, CommandCall } from "../command.ts";
import { RepxError } from "@repx/core/model";
import { CONNECT_FLAGS, describeTarget, openTarget } from "../open-target.ts";
import { describeJobs, describeSubmission } from "../submission/describe-status.ts";
import { followSubmission } from "../submission/follow.ts";
import { parseSubmissionWord, SUBMISSION_OPERAND } from "../submission/submission-words.ts";
import { judgeStatus, printStatus, repeatTarget } from "../submission/submit-runs.ts";
import { sayWhenInterrupted } from "../submission/when-interrupted.ts";

/** Waits for a submission. */
export const WAIT: Command = {
  name: "wait",
  summary: "stay until every job of a submission has ended",
  description:
    "Shows a table that changes as the jobs do. A connection that is lost is opened again. Ctrl-C ends this command " +
    "alone; the jobs run on. The exit status is 0 when every job has succeeded, 1 when one has not, 4 when the time is up.",
  operands: [SUBMISSION_OPERAND],
  flags: {
    ...CONNECT_FLAGS,
    timeout: { value: "TIME", summary: "stop waiting after so long: 90 (seconds), 10m, 2h, 1d", fallback: "no end" },
  },
  examples: ["repx wait", "repx wait s3k4 --timeout 2h", "repx wait --json"],
  run: runWait,
};

async function runWait(call: CommandCall): Promise<number> {
  const word = parseSubmissionWord(call.operands[0]);
  const timeoutSeconds = parseDuration(call.text("timeout"));
  const { openWatch } = await import("@repx/core/submissions");
  await using opened = await openTarget(call);
  const { screen } = call;
  const where = `${opened.target.name} (${opened.transport.description})`;
  const again = `repx wait${word === undefined ? "" : ` ${word}`}${await repeatTarget(call)}`;
  using _ = sayWhenInterrupted(screen, () => `The jobs run on. Wait again with \`${again}\`.`);
  const watch = openWatch(opened.transport, opened.target.basePath, word);
  const status = await followSubmission(watch, { where, screen, timeoutSeconds });
  if (call.isSet("json")) {
    const target = describeTarget(opened, opened.transport);
    screen.printJson({ ...describeSubmission(status), target, jobs: describeJobs(status) });
  } else await printStatus(call, status, where);
  return judgeStatus(status);
}

const SECONDS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads `90`, `10m`, `2h`; INPUT_INVALID. */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const factor = SECONDS[unit];
  if (number !== undefined && factor !== undefined) return Number(number) * factor;
  throw new RepxError("INPUT_INVALID", `--timeout is ${JSON.stringify(text)}`, {
    hint: "Write seconds, or a number with s, m, h or d: --timeout 2h.",
  });
}
