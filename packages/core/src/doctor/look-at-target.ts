// Asks a target, in one remote command, what it is like.
import { randomUUID } from "node:crypto";
import { RepxError } from "../model/errors.ts";
import type { Target } from "../target/config/config.ts";
import { showWord } from "../target/command/quote.ts";
import { readField } from "../target/wire/read-field.ts";
import type { Transport } from "../target/transport/transport.ts";
import { LOOK_SCRIPT } from "./look-script.ts";

/** What a target said of itself: the findings of `look-script.ts`, by their first word. */
export interface TargetLook {
  readonly findings: ReadonlyMap<string, readonly string[]>;
  /** Between which times, in seconds of this machine's clock, the target read its own. */
  readonly clock: { readonly earliest: number; readonly latest: number };
}

const DEADLINE_SECONDS = 90;

/** Looks at a target; `coordinator` is the origin that it is to reach. */
export async function lookAtTarget(
  transport: Transport,
  target: Pick<Target, "basePath" | "scheduler">,
  coordinator: string | undefined,
  deadlineSeconds = DEADLINE_SECONDS,
): Promise<TargetLook> {
  const mark = randomUUID();
  const earliest = Date.now() / 1000;
  const looking = transport.run({
    argv: ["sh", "-c", LOOK_SCRIPT, "look", mark, target.basePath, coordinator ?? "", target.scheduler],
    deadlineSeconds,
  });
  const output = await looking.catch((error: unknown) => {
    throw isLateAfter(`begin ${mark}`, error) ? describeSlowBase(target.basePath, deadlineSeconds, error) : error;
  });
  const findings = parseFindings(output.stdout, mark);
  if (findings === undefined) {
    const said = output.stderr.trim().split("\n").at(-1) ?? "";
    const how = said === "" ? `ended with ${output.exitCode}` : said;
    throw new RepxError("SSH_COMMAND_FAILED", `sh on ${transport.description} did not answer: ${how}`, {
      hint: "See that sh and coreutils are on the PATH of sessions without a terminal: `ssh HOST 'echo $PATH'`.",
      details: { ...output, stdout: output.stdout.slice(-2000) },
    });
  }
  return { findings, clock: { earliest, latest: Date.now() / 1000 } };
}

/** Whether the time was over when the target had begun to answer. */
function isLateAfter(begin: string, error: unknown): boolean {
  if (!(error instanceof RepxError) || error.code !== "SSH_TIMEOUT") return false;
  return String(readField(error.details, "stdout")).split("\n").includes(begin);
}

/** Nothing but the base path takes its time there, where no timeout(1) ends what hangs. */
function describeSlowBase(basePath: string, seconds: number, cause: unknown): RepxError {
  const message = `the base path ${basePath} does not answer: looking at it did not end within ${seconds} seconds`;
  return new RepxError("SYNC_BASE_PATH_NOT_WRITABLE", message, {
    hint: `See on the target whether its file system hangs: \`df -h ${showWord(basePath)}\`.`,
    cause,
  });
}

/** Reads what stands between the marks; undefined when the second one is missing. */
export function parseFindings(text: string, mark: string): Map<string, string[]> | undefined {
  const lines = text.split("\n");
  const [begin, end] = [lines.indexOf(`begin ${mark}`), lines.lastIndexOf(`end ${mark}`)];
  if (begin === -1 || end < begin) return undefined;
  const findings = new Map<string, string[]>();
  for (const line of lines.slice(begin + 1, end)) {
    const [key = ""] = line.split(" ", 1);
    const values = findings.get(key) ?? [];
    values.push(line.slice(key.length + 1).trim());
    findings.set(key, values);
  }
  return findings;
}
