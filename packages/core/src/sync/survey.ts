// Asks a target, in one remote command, what it has and what it is.
import { randomUUID } from "node:crypto";
import type { JobId, LabHash } from "../model/ids.ts";
import { METRICS_LENGTH } from "../model/protocol.ts";
import { RepxError } from "../model/errors.ts";
import { showWord } from "../target/command/quote.ts";
import { runChecked, type Transport } from "../target/transport/transport.ts";
import { parseAnswer, readFacts, type SurveyAnswer } from "./parse-survey.ts";
import { renderSurveyScript } from "./survey-script.ts";
import type { TargetFacts } from "./target-facts.ts";

/** What is looked for under a base path. */
export interface SurveyRequest {
  readonly basePath: string;
  /** Base names of store paths. */
  readonly storeNames: readonly string[];
  readonly jobIds: readonly JobId[];
  readonly labHash: LabHash;
  readonly programsHash: string;
  /** Names of indexes whose text is wanted, beside those that resemble what is missing. */
  readonly indexNames?: readonly string[];
  /** What gc is to keep from now on; without it nothing is kept. Never for a dry run. */
  readonly root?: SurveyRoot;
  /** More to ask in the same command (`survey-script.ts` says what the shell commands may use). */
  readonly questions?: string;
  /** Nothing is made there: what is not there has nothing in it. */
  readonly isDryRun?: boolean;
  /** 300 when not given. */
  readonly deadlineSeconds?: number;
}

/** A root: while it counts, gc keeps the store paths and jobs of the survey, their outputs, and what it names. */
export interface SurveyRoot {
  /** As `nameProject` names it. */
  readonly project: string;
  /** Other jobs of the Lab. */
  readonly jobIds: readonly JobId[];
  /** What else the Lab brings, relative to the base path. */
  readonly places: readonly string[];
}

/** What a target has and lacks. */
export interface Survey {
  readonly missingStore: readonly string[];
  readonly missingJobs: readonly JobId[];
  readonly hasLab: boolean;
  readonly hasPrograms: boolean;
  /** Jobs that succeeded there, with the text of their `out/metrics.json` where there is one that is not too long. */
  readonly succeeded: ReadonlyMap<JobId, string | undefined>;
  /** Jobs whose last attempt left the marker FAIL. */
  readonly failed: ReadonlySet<JobId>;
  /** Jobs of which there is a record and no marker: an attempt runs, or something ended it. */
  readonly incomplete: ReadonlySet<JobId>;
  /** The lines of every section of the answer, for whoever asked the `questions`. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
  readonly hasSbatch: boolean;
  readonly user: string;
  /** Infinite where the target cannot tell. */
  readonly freeBytes: number;
  readonly facts: TargetFacts;
}

/**
 * Bytes of all metrics together that one survey carries; what goes beyond stays on the target. They travel on in the
 * registration, whose body may have 20 MB: escaped as JSON they grow six times at worst.
 */
const METRICS_TOTAL_BYTES = 3_000_000;
/** Bytes of all indexes together; without one, a changed tree is sent whole. */
const INDEXES_TOTAL_BYTES = 64 * 1024 * 1024;
const NAME = /^[0-9A-Za-z+._?=-]+$/;
const INDEX_NAME = /^[0-9A-Za-z+._?=%:-]+$/;

/** Makes the target's folders and finds out what it has; SYNC_BASE_PATH_NOT_WRITABLE when it cannot make them, SYNC_BASE_PATH_SPLIT when not all are on one file system. */
export async function surveyTarget(transport: Transport, request: SurveyRequest): Promise<Survey> {
  const { basePath, storeNames, jobIds, labHash, programsHash, indexNames = [], root } = request;
  const keptNames = (root === undefined ? [] : listKept(root)).map((place) => place.replaceAll("/", ":"));
  const odd =
    [...storeNames, programsHash, ...(root === undefined ? [] : [root.project])].find((name) => !NAME.test(name)) ??
    [...indexNames, ...keptNames].find((name) => !INDEX_NAME.test(name));
  if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd)} is not a name under a base path`);
  const bounds = [METRICS_LENGTH + 1, METRICS_TOTAL_BYTES, INDEXES_TOTAL_BYTES].map(String);
  const words = [basePath, labHash, programsHash, ...bounds, randomUUID(), ...describeMode(request)];
  const chunks: Uint8Array[] = [];
  await runChecked(transport, {
    argv: ["sh", "-c", renderSurveyScript(request.questions ?? ""), "survey", ...words],
    // Each name once: the script finds those that are on both sides by their coming twice.
    stdin: [storeNames, jobIds, indexNames, keptNames].map((names) => [...new Set(names), ""].join("\n")).join("/\n"),
    onStdout: (chunk) => void chunks.push(chunk),
    deadlineSeconds: request.deadlineSeconds ?? 300,
  });
  const answer = parseAnswer(Buffer.concat(chunks), transport.description);
  refuseUnwritable(answer, basePath, transport.description);
  refuseSplit(answer, basePath, transport.description);
  return readSurvey(answer, request);
}

function describeMode({ isDryRun = false, root }: SurveyRequest): [string, string] {
  return isDryRun ? ["look", "-"] : ["make", root?.project ?? "-"];
}

function listKept({ jobIds, places }: SurveyRoot): string[] {
  return [...jobIds.map((id) => `artifacts/jobs/${id}`), ...places];
}

function refuseUnwritable({ sections }: SurveyAnswer, basePath: string, where: string): void {
  const said = sections.get("unwritable");
  if (said === undefined) return;
  const user = sections.get("user")?.[0] ?? "";
  throw new RepxError(
    "SYNC_BASE_PATH_NOT_WRITABLE",
    `user ${user} cannot write to the base path ${basePath} on ${where}: ${said.at(-1) ?? ""}`,
    {
      hint: `Set base_path to a folder that ${user} may write to, or have it made: \`install -d -o ${showWord(user)} ${showWord(basePath)}\`.`,
      details: { basePath, user },
    },
  );
}

/** Renames put things into place whole; between two file systems they would be copies, of which all see the half. */
function refuseSplit({ sections }: SurveyAnswer, basePath: string, where: string): void {
  const [staging, ...places] = (sections.get("devices") ?? []).map((line) => line.split(" "));
  const odd = places.filter(([device]) => device !== staging?.[0]).map(([, place]) => `${basePath}/${place}`);
  if (odd.length === 0) return;
  const message = `${odd.join(", ")} on ${where} ${odd.length === 1 ? "is" : "are"} on another file system than ${basePath}/artifacts/.staging`;
  throw new RepxError("SYNC_BASE_PATH_SPLIT", message, {
    hint: "Set base_path to a folder on the larger file system, or put a link to such a folder in the place of the whole base path.",
    details: { basePath, places: odd },
  });
}

function readSurvey(answer: SurveyAnswer, { storeNames, jobIds }: SurveyRequest): Survey {
  const { sections, files } = answer;
  const [store, jobs, succeeded] = ["store", "jobs", "succeeded"].map((key) => new Set(sections.get(key)));
  const facts = readFacts(answer);
  const unfinished = new Set(sections.get("unfinished"));
  const listUnfinished = (how: "failed" | "incomplete"): ReadonlySet<JobId> =>
    new Set(jobIds.filter((id) => unfinished.has(`${how} ${id}`)));
  return {
    missingStore: storeNames.filter((name) => store?.has(name) !== true),
    missingJobs: jobIds.filter((id) => jobs?.has(id) !== true),
    hasLab: sections.has("lab"),
    hasPrograms: sections.has("programs"),
    succeeded: new Map(
      jobIds
        .filter((id) => succeeded?.has(id))
        .map((id) => [id, readMetrics(files.get(`outputs/${id}/out/metrics.json`))]),
    ),
    failed: listUnfinished("failed"),
    incomplete: listUnfinished("incomplete"),
    answers: sections,
    hasSbatch: sections.has("sbatch"),
    user: sections.get("user")?.[0] ?? "",
    freeBytes: facts.freeBytes,
    facts,
  };
}

/** The text without the line feed at its end, if that is not too long. */
function readMetrics(text: string | undefined): string | undefined {
  const line = text?.replace(/\n$/, "");
  return line === undefined || line.length > METRICS_LENGTH ? undefined : line;
}
