// A plan as people read it, at most so many columns wide. Pure.
import type { JobId } from "../model/ids.ts";
import { renderValue } from "../model/parameter-value.ts";
import type { Reason } from "./explain.ts";

/** One job of a plan: what becomes of it, and why. */
export type PlannedJob = {
  readonly id: JobId;
  /** `<stage>-<version>`. */
  readonly stage: string;
} & (
  | { readonly action: "run"; readonly reason: Reason }
  /** Another submission has it in the queue. */
  | { readonly action: "wait"; readonly slurmId: string; readonly submission: string; readonly isRunning: boolean }
  | { readonly action: "reuse" }
);

interface Group {
  readonly stage: string;
  readonly jobs: PlannedJob[];
}

const WIDTH = 80;
const MOST_STAGE = 28;
const MOST_EXAMPLES = 3;
const MOST_VALUE = 24;
const ID_LENGTH = 8;

/** Renders a table of what runs and what is waited for, by stage and reason, after one line with the numbers. */
export function renderPlan(jobs: readonly PlannedJob[], width: number = WIDTH): string[] {
  const groups = [...Map.groupBy(jobs, nameGroup).values()].map((members) => ({
    stage: members[0]?.stage ?? "",
    jobs: members,
  }));
  const shown = groups.filter(({ jobs: [first] }) => first?.action !== "reuse");
  const title = wrap(renderCounts(jobs), width);
  if (shown.length === 0) return title;
  const stages = shown.map(({ stage }) => clip(stage, MOST_STAGE));
  const stageWidth = Math.max("STAGE".length, ...stages.map((stage) => stage.length));
  const countWidth = Math.max("JOBS".length, ...shown.map((group) => String(group.jobs.length).length));
  const indent = " ".repeat(stageWidth + 2 + countWidth + 2);
  const rows = shown.flatMap((group, at) => {
    const [first = "", ...more] = wrap(renderReason(group), Math.max(20, width - indent.length));
    const stage = (stages[at] ?? "").padEnd(stageWidth);
    return [
      `${stage}  ${String(group.jobs.length).padStart(countWidth)}  ${first}`,
      ...more.map((line) => indent + line),
    ];
  });
  return [...title, `${"STAGE".padEnd(stageWidth)}  ${"JOBS".padStart(countWidth)}  WHY`, ...rows];
}

function renderCounts(jobs: readonly PlannedJob[]): string {
  const count = (action: PlannedJob["action"]): number => jobs.filter((job) => job.action === action).length;
  const waiting = count("wait");
  const total = `${jobs.length} job${jobs.length === 1 ? "" : "s"}`;
  const waited = waiting === 0 ? "" : `, ${waiting} in the queue already`;
  return `${total}: ${count("run")} to run${waited}, ${count("reuse")} reused`;
}

function nameGroup(job: PlannedJob): string {
  if (job.action === "wait") return JSON.stringify([job.stage, "wait", job.submission]);
  if (job.action === "reuse") return JSON.stringify([job.stage, "reuse"]);
  const { reason } = job;
  const more =
    reason.kind === "changed"
      ? [reason.code, reason.parameters.map(({ name }) => name), reason.inputs.length > 0]
      : reason.kind === "failed"
        ? [reason.state]
        : reason.kind === "revision"
          ? [reason.wanted]
          : [];
  return JSON.stringify([job.stage, reason.kind, ...more]);
}

function renderReason({ jobs }: Group): string {
  const reasons = jobs.flatMap((job) => (job.action === "run" ? [job.reason] : []));
  const [first] = reasons;
  if (first !== undefined) return renderReasons(first, reasons);
  const waiting = jobs.flatMap((job) => (job.action === "wait" ? [job] : []));
  const running = waiting.filter(({ isRunning }) => isRunning).length;
  const ids = listExamples(waiting.map(({ slurmId }) => slurmId));
  return `in the queue already, ${running} running: submission ${waiting[0]?.submission ?? ""}, SLURM ${ids}`;
}

function renderReasons(first: Reason, all: readonly Reason[]): string {
  switch (first.kind) {
    case "forced":
      return "forced";
    case "first":
      return "first time";
    case "revision":
      return `revision ${first.wanted} is wished; there is ${listExamples(all.flatMap(renderFound))}`;
    case "incomplete":
      return `its earlier result is incomplete${renderTime("begun", all)}`;
    case "failed": {
      const state = first.state === undefined || first.state === "FAILED" ? "" : ` (${first.state})`;
      return `failed last time${state}${renderTime("", all)}`;
    }
    default:
      return renderChanges(all);
  }
}

function renderFound(reason: Reason): string[] {
  if (reason.kind !== "revision") return [];
  return [reason.found === undefined ? "none" : String(reason.found)];
}

function renderTime(word: string, all: readonly Reason[]): string {
  const times = all.flatMap((reason) => ("at" in reason && reason.at !== undefined ? [reason.at] : []));
  const last = times.toSorted().at(-1);
  if (last === undefined) return "";
  const time = last.replace(/:\d\d(?:\.\d+)?Z$/, "Z").replace("T", " ");
  return `, ${word === "" ? "" : `${word} `}${all.length > 1 ? "at last " : ""}${time}`;
}

function renderChanges(all: readonly Reason[]): string {
  const changes = all.flatMap((reason) => (reason.kind === "changed" ? [reason] : []));
  const names = [...new Set(changes.flatMap(({ parameters }) => parameters.map(({ name }) => name)))];
  const inputs = changes.flatMap((change) => change.inputs);
  const parts = [
    ...(changes.some(({ code }) => code) ? ["code changed"] : []),
    ...names.map((name) => {
      const values = changes.flatMap(({ parameters }) => parameters.filter((one) => one.name === name));
      return `${show(name)} ${listExamples(values.map(({ from, to }) => `${show(from)} -> ${show(to)}`))}`;
    }),
    ...(inputs.length === 0
      ? []
      : [`input changed: ${listExamples(inputs.map(({ from, to }) => `${shorten(from)} -> ${shorten(to)}`))}`]),
  ];
  const what = parts.length === 0 ? "outputs or wires changed" : parts.join("; ");
  return `${what} (nearest: ${listExamples(changes.map(({ nearest }) => shorten(nearest)))})`;
}

/** The first few that differ, and how many more there are. */
function listExamples(texts: readonly string[]): string {
  const unique = [...new Set(texts)];
  const more = unique.length > MOST_EXAMPLES ? ` and ${unique.length - MOST_EXAMPLES} more` : "";
  return `${unique.slice(0, MOST_EXAMPLES).join(", ")}${more}`;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = renderValue(value).replaceAll(
    /\p{Cc}/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return clip(text, MOST_VALUE);
}

function shorten(id: JobId | undefined): string {
  return id === undefined ? "none" : id.slice(0, ID_LENGTH);
}

function clip(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** Breaks a text between words; a word that is too long is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ +/).map((one) => clip(one, width))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
