// Asks a target, in one remote command, what it has. The answer is framed by a mark, so that what a shell's start-up
// files print is passed over; names are words without blanks by their schemas.
import { randomUUID } from "node:crypto";
import { RepxError } from "../model/errors.ts";
import type { JobId, LabHash } from "../model/ids.ts";
import { METRICS_LENGTH } from "../model/protocol.ts";
import { runChecked, type Output, type Transport } from "../target/transport.ts";
import { SURVEY_SCRIPT } from "./survey-script.ts";

/** What is looked for under a base path. */
export interface SurveyRequest {
  readonly basePath: string;
  /** Base names of store paths. */
  readonly storeNames: readonly string[];
  readonly jobIds: readonly JobId[];
  readonly labHash: LabHash;
  readonly programsHash: string;
  /** 300 when not given. */
  readonly deadlineSeconds?: number;
}

/** What a target has and lacks. */
export interface Survey {
  readonly missingStore: readonly string[];
  readonly missingJobs: readonly JobId[];
  readonly hasLab: boolean;
  readonly hasPrograms: boolean;
  /** Jobs that succeeded there, with the text of their `out/metrics.json` where there is one that is not too long. */
  readonly succeeded: ReadonlyMap<JobId, string | undefined>;
  readonly hasSbatch: boolean;
  readonly user: string;
  /** Infinite where the target cannot tell. */
  readonly freeBytes: number;
}

/**
 * Bytes of all metrics together that one survey carries; what goes beyond stays on the target. They travel on in the
 * registration, whose body may have 20 MB: escaped as JSON they grow six times at worst.
 */
const METRICS_TOTAL_BYTES = 3_000_000;
const NAME = /^[0-9A-Za-z+._?=-]+$/;

/** Makes the target's folders and finds out what it has; SYNC_BASE_PATH_NOT_WRITABLE when it cannot make them. */
export async function surveyTarget(transport: Transport, request: SurveyRequest): Promise<Survey> {
  const odd = [...request.storeNames, request.programsHash].find((name) => !NAME.test(name));
  if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd)} is not a name under a base path`);
  const mark = randomUUID();
  const words = [mark, request.basePath, request.labHash, request.programsHash];
  const output = await runChecked(transport, {
    argv: ["sh", "-c", SURVEY_SCRIPT, "survey", ...words, String(METRICS_LENGTH), String(METRICS_TOTAL_BYTES)],
    stdin: [...request.storeNames.map((name) => `s/${name}`), ...request.jobIds.map((id) => `j/${id}`), ""].join("\n"),
    deadlineSeconds: request.deadlineSeconds ?? 300,
  });
  const lines = readFrame(output, mark, transport.description);
  refuseUnwritable(lines, request.basePath, transport.description);
  return readSurvey(lines, request.jobIds);
}

/** Lines between the marks, told apart by their first word. */
function readFrame(output: Output, mark: string, where: string): Map<string, string[]> {
  const lines = output.stdout.split("\n");
  const [begin, end] = [lines.indexOf(`begin ${mark}`), lines.lastIndexOf(`end ${mark}`)];
  if (begin === -1 || end < begin) {
    throw new RepxError("SSH_COMMAND_FAILED", `the survey of ${where} ended before its answer was whole`, {
      hint: "See what the user's shell start-up files do when no terminal is there.",
      details: { ...output, stdout: output.stdout.slice(-2000) },
    });
  }
  const groups = new Map<string, string[]>();
  for (const line of lines.slice(begin + 1, end)) {
    const blank = line.indexOf(" ");
    const key = blank === -1 ? line : line.slice(0, blank);
    const group = groups.get(key) ?? [];
    group.push(blank === -1 ? "" : line.slice(blank + 1));
    groups.set(key, group);
  }
  return groups;
}

function refuseUnwritable(lines: ReadonlyMap<string, readonly string[]>, basePath: string, where: string): void {
  const [reason] = lines.get("unwritable") ?? [];
  if (reason === undefined) return;
  const user = lines.get("user")?.[0] ?? "";
  throw new RepxError(
    "SYNC_BASE_PATH_NOT_WRITABLE",
    `user ${user} cannot write to the base path ${basePath} on ${where}: ${reason}`,
    {
      hint: `Set base_path to a folder that ${user} may write to, or have it made: \`install -d -o ${user} ${basePath}\`.`,
      details: { basePath, user },
    },
  );
}

function readSurvey(lines: ReadonlyMap<string, readonly string[]>, jobIds: readonly JobId[]): Survey {
  const missingJobs = new Set(lines.get("missing-job"));
  const free = Number(/\s(?<kilobytes>-?[0-9]+)\s+-?[0-9]+%/.exec(lines.get("df")?.[0] ?? "")?.groups?.["kilobytes"]);
  return {
    missingStore: lines.get("missing-store") ?? [],
    missingJobs: jobIds.filter((id) => missingJobs.has(id)),
    hasLab: lines.has("lab"),
    hasPrograms: lines.has("programs"),
    succeeded: readSucceeded(lines, jobIds),
    hasSbatch: lines.has("sbatch"),
    user: lines.get("user")?.[0] ?? "",
    freeBytes: Number.isNaN(free) ? Infinity : free * 1024,
  };
}

/** A line `m <job> <text>` for every line of a job's metrics, `x <job>` after them when they are not to be used. */
function readSucceeded(
  lines: ReadonlyMap<string, readonly string[]>,
  jobIds: readonly JobId[],
): Map<JobId, string | undefined> {
  const texts = new Map<string, string[]>();
  for (const line of lines.get("m") ?? []) {
    const [id = ""] = line.split(" ", 1);
    const text = texts.get(id) ?? [];
    text.push(line.slice(id.length + 1));
    texts.set(id, text);
  }
  for (const id of lines.get("x") ?? []) texts.delete(id);
  const succeeded = new Set(lines.get("success"));
  return new Map(jobIds.filter((id) => succeeded.has(id)).map((id) => [id, texts.get(id)?.join("\n")]));
}
