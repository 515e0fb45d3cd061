import { RepxError } from "@repx/core/model";
import type { JobAttempts } from "@repx/core/submissions";
import type { Command, CommandCall } from "../command.ts";
import { CONNECT_FLAGS, openTarget } from "../open-target.ts";
import { parseJobWord } from "../submission/submission-words.ts";
import { sayWhenInterrupted } from "../submission/when-interrupted.ts";

const LINES = 100;

/** Prints what a job printed. */
export const LOG: Command = {
  name: "log",
  summary: "print what a job on a target has printed",
  operands: [{ name: "JOB", summary: "the beginning of a job's id", kind: "job" }],
  flags: {
    ...CONNECT_FLAGS,
    lines: { short: "n", value: "NUMBER", summary: "so many lines of the end, or `all`", fallback: String(LINES) },
    stderr: { summary: "what it printed on stderr; stdout when not given" },
    follow: { short: "f", summary: "go on until the job has ended" },
    attempt: { value: "NUMBER", summary: "an earlier attempt, 1 for the first; the last one when not given" },
  },
  examples: [
    "repx log 0pkal2l7",
    "repx log 0pkal2l7 --stderr -n all",
    "repx log 0pkal2l7 -f",
    "repx log 0pkal2l7 --attempt 1",
  ],
  run: runLog,
};

async function runLog(call: CommandCall): Promise<number> {
  const word = parseJobWord(call.operands[0] ?? "");
  const lines = parseNumber(call, "lines", LINES);
  const attempt = parseNumber(call, "attempt", undefined);
  if (call.isSet("follow") && (attempt !== undefined || call.isSet("json"))) {
    throw new RepxError(
      "INPUT_INVALID",
      `--follow and --${attempt === undefined ? "json" : "attempt"} are given together`,
      {
        hint: "What is followed is the last attempt, as text.",
      },
    );
  }
  const { findJob, followLog, readLog } = await import("@repx/core/submissions");
  await using opened = await openTarget(call);
  const { transport } = opened;
  const { basePath } = opened.target;
  const found = await findJob(transport, basePath, word);
  const earlier = chooseEarlier(found, attempt);
  const file = call.isSet("stderr") ? "stderr.log" : "stdout.log";
  const { submission } = found;
  const request = { basePath, job: found.job, file, ...(lines === undefined ? {} : { lines }) } as const;
  const chunks: Uint8Array[] = [];
  const take = (chunk: Uint8Array): void => {
    if (call.isSet("json")) chunks.push(chunk);
    else call.screen.writeLog(chunk);
  };
  if (call.isSet("follow")) {
    if (found.last === 0) call.screen.note(`(${found.job} has not begun; waiting for it)`);
    using _ = sayWhenInterrupted(call.screen, () => "The job runs on.");
    await followLog(transport, { ...request, ...(submission === undefined ? {} : { submission }) }, take);
    return 0;
  }
  if (found.last === 0) return tellNotBegun(call, found);
  await readLog(transport, { ...request, ...(earlier === undefined ? {} : { earlier }) }, take);
  if (call.isSet("json")) {
    const text = Buffer.concat(chunks).toString("utf8");
    call.screen.printJson({ id: found.job, attempt: attempt ?? found.last, file, marker: found.marker ?? null, text });
  }
  return 0;
}

function tellNotBegun(call: CommandCall, { job }: JobAttempts): number {
  if (call.isSet("json")) call.screen.printJson({ id: job, attempt: 0, file: null, marker: null, text: "" });
  else call.screen.note(`${job} has printed nothing: it has not begun; \`repx status\` tells more.`);
  return 1;
}

/** The number of an attempt that another one followed; undefined for the last. */
function chooseEarlier({ job, last }: JobAttempts, attempt: number | undefined): number | undefined {
  if (attempt === undefined || attempt === last) return undefined;
  if (attempt >= 1 && attempt < last) return attempt;
  throw new RepxError(
    "INPUT_INVALID",
    `--attempt is ${attempt}, and ${job} has ${last === 1 ? "1 attempt" : `${last} attempts`}`,
    {
      hint: last <= 1 ? "Leave --attempt out." : `Write a number from 1 to ${last}.`,
    },
  );
}

function parseNumber(call: CommandCall, flag: "lines" | "attempt", fallback: number | undefined): number | undefined {
  const text = call.text(flag);
  if (text === undefined) return fallback;
  if (flag === "lines" && text === "all") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RepxError("INPUT_INVALID", `--${flag} is ${JSON.stringify(text)}`, {
    hint: `Write a number: --${flag} ${flag === "lines" ? "500, or --lines all" : "1"}.`,
  });
}
