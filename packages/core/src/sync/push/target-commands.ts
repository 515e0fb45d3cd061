// Runs the scripts of a push on a target, and tells their ends apart.
import { RepxError } from "../../model/errors.ts";
import type { Output, RunRequest, Transport } from "../../target/transport/transport.ts";
import { showWord } from "../../target/command/quote.ts";
import type { TargetFacts } from "../target-facts.ts";
import { EXITS } from "./script-parts.ts";
import type { TimeLimit } from "./time-limit.ts";

/** How a script ended: ends with which a push goes on in another way are values. */
export type Reply = "done" | "gone" | "unlinkable" | "mismatch";

/** A script and what it reads. */
export interface ScriptRequest {
  readonly script: string;
  /** Of the push. */
  readonly staging: string;
  readonly words?: readonly string[];
  readonly stdin?: RunRequest["stdin"];
  /** What it has to handle, for its deadline. */
  readonly bytes?: number;
}

/** The way in which a push speaks to its target. */
export interface TargetCommands {
  readonly description: string;
  readonly basePath: string;
  readonly limit: TimeLimit;
  /** Runs a script; what no other way can mend throws, SYNC_NO_SPACE above all. */
  run(request: ScriptRequest): Promise<{ reply: Reply; stdout: string; stderr: string }>;
  /** The word for a script that hashes this many bytes. */
  chooseHashProgram(bytes: number): string;
}

/** Below this, the start of openssl costs more than its speed saves. */
const OPENSSL_LEAST_BYTES = 1 << 20;

/** Opens the way; nothing runs yet. */
export function openCommands(
  transport: Transport,
  {
    basePath,
    facts,
    limit,
  }: { basePath: string; facts: Pick<TargetFacts, "toolPath" | "hasOpenssl">; limit: TimeLimit },
): TargetCommands {
  const { description } = transport;
  return {
    description,
    basePath,
    limit,
    async run({ script, staging, words = [], stdin, bytes = 0 }) {
      const output = await transport.run({
        argv: ["sh", "-c", script, "push", basePath, staging, facts.toolPath, ...words],
        ...(stdin === undefined ? {} : { stdin }),
        deadlineSeconds: limit.secondsFor(bytes),
      });
      if (isEndedBySignal(output)) throw explainSignal(output, basePath, description);
      const reply = readReply(output.exitCode);
      if (reply === undefined) throw explainEnd(output, basePath, description);
      return { reply, stdout: output.stdout, stderr: output.stderr };
    },
    chooseHashProgram: (bytes) => (facts.hasOpenssl && bytes >= OPENSSL_LEAST_BYTES ? "openssl" : "sha256sum"),
  };
}

function readReply(exitCode: number): Reply | undefined {
  const replies = new Map<number, Reply>([
    [0, "done"],
    [EXITS.stagingGone, "gone"],
    [EXITS.linkRefused, "unlinkable"],
    [EXITS.mismatch, "mismatch"],
  ]);
  return replies.get(exitCode);
}

/** HUP, INT, KILL, PIPE and TERM, also as a shell tells of one that ended its child or itself. */
const SIGNAL_ENDS: ReadonlySet<number> = new Set([129, 130, 137, 141, 143]);

function isEndedBySignal({ exitCode, signal }: Output): boolean {
  return signal !== undefined || SIGNAL_ENDS.has(exitCode);
}

/** A node that goes down, or a guard of its processes: as with a connection that is lost, what arrived is good. */
function explainSignal(output: Output, basePath: string, description: string): RepxError {
  const how = output.signal ?? `a signal (exit status ${output.exitCode})`;
  const what = `a command that was sending files to ${basePath} on ${description} was ended there by ${how}`;
  return new RepxError("SSH_CONNECTION_LOST", what, {
    hint: "See whether the target goes down, or limits what may run there; then send again: it goes on where it stopped.",
    details: output,
  });
}

function explainEnd(output: Output, basePath: string, description: string): RepxError {
  const said = readLastWords(output.stderr);
  const what = `could not send files to ${basePath} on ${description}`;
  const why = said === "" ? `the target ended with ${output.exitCode}` : said;
  if (output.exitCode === EXITS.noSpace) {
    return new RepxError("SYNC_NO_SPACE", `${what}: ${why}`, {
      hint: `Make room on the file system of ${basePath} (\`df -h ${showWord(basePath)}\`, \`quota\`), then try again; the target is as it was.`,
      details: output,
    });
  }
  if (output.exitCode === EXITS.denied) {
    return new RepxError("SYNC_BASE_PATH_NOT_WRITABLE", `${what}: ${why}`, {
      hint: `See who may write to what the message names (\`ls -ld\`), and whether its file system is read-only (\`mount\`); the target is as it was.`,
      details: output,
    });
  }
  return new RepxError("SYNC_FAILED", `${what}: ${why}`, {
    hint:
      output.exitCode === EXITS.submissionThere
        ? "Submit again: a submission's name is used once only."
        : "The target is as it was. Try again; if it happens again, run `repx doctor`.",
    details: output,
  });
}

/** The last line with something to say; tar's very last one says only that there was an error. */
export function readLastWords(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => !/Exiting with failure status|^\d+\+\d+ records|bytes.*copied/.test(line)) ?? "";
}

/** Tells whether a failure is one of the way to the target, which may be there again. */
export function isLoss(error: unknown): boolean {
  return error instanceof RepxError && LOSSES.has(error.code);
}

const LOSSES: ReadonlySet<string> = new Set(["SSH_CONNECTION_LOST", "SSH_TIMEOUT", "SSH_UNREACHABLE"]);
