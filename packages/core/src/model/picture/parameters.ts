import type { LabJob } from "../lab.ts";
import { compareText } from "./compare-text.ts";
import { keepLines, renderLabel } from "./label.ts";

type Value = LabJob["params"][string];

/** A parameter of a stage, with every value that its jobs have. */
interface Axis {
  readonly name: string;
  readonly values: readonly Value[];
}

const STORE_PATH = /^\/nix\/store\/[0-9a-z]{32}-/;
const FEW = { axes: 3, values: 4, valuesLength: 26 };
const ALL = { axes: 20, values: 8, valuesLength: 60, valueLength: 28 };

/** Renders which parameters a stage's jobs have: `few` those that vary, in short, `all` every one with its values. */
export function renderParameters(jobs: readonly LabJob[], extent: "none" | "few" | "all"): string[] {
  if (extent === "none") return [];
  const axes = listAxes(jobs);
  if (extent === "all") return keepLines(axes.map(renderAxis), ALL.axes);
  return keepLines(axes.filter((axis) => axis.values.length > 1).map(renderAxisShort), FEW.axes);
}

/** Renders one job's values of the parameters that vary among its stage's jobs, or of all. */
export function renderJobParameters(job: LabJob, stage: readonly LabJob[], extent: "none" | "few" | "all"): string[] {
  if (extent === "none") return [];
  const names = listAxes(stage)
    .filter((axis) => Object.hasOwn(job.params, axis.name) && (extent === "all" || axis.values.length > 1))
    .map((axis) => axis.name);
  const lines = names.map((name) => renderAxis({ name, values: [job.params[name] ?? null] }));
  return keepLines(lines, extent === "all" ? ALL.axes : FEW.axes);
}

function listAxes(jobs: readonly LabJob[]): Axis[] {
  const axes = new Map<string, Map<string, Value>>();
  for (const job of jobs) {
    for (const [name, value] of Object.entries(job.params)) {
      const values = axes.get(name) ?? new Map<string, Value>();
      values.set(JSON.stringify(value), value);
      axes.set(name, values);
    }
  }
  return [...axes]
    .map(([name, values]) => ({ name, values: [...values.values()].toSorted(compareValues) }))
    .toSorted((one, other) => compareText(one.name, other.name));
}

function compareValues(one: Value, other: Value): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return compareText(JSON.stringify(one), JSON.stringify(other));
}

function renderAxisShort({ name, values }: Axis): string {
  const list = values.length <= FEW.values ? values.map((value) => renderValue(value)).join(", ") : "";
  const isShort = list !== "" && list.length <= FEW.valuesLength;
  return `${renderLabel(name, 24)}: ${isShort ? list : (renderRange(values) ?? `${values.length} values`)}`;
}

/** Many numbers are told by where they begin and end. */
function renderRange(values: readonly Value[]): string | undefined {
  if (!values.every((value) => typeof value === "number")) return undefined;
  return `${String(values[0])} \u2026 ${String(values.at(-1))} (${values.length} values)`;
}

function renderAxis({ name, values }: Axis): string {
  const label = renderLabel(name, 32);
  const [only = null] = values;
  if (values.length === 1) return `${label} = ${renderValue(only, ALL.valuesLength)}`;
  const shown: string[] = [];
  let length = 0;
  for (const value of values.slice(0, ALL.values)) {
    const text = renderValue(value);
    length += text.length + 2;
    if (length > ALL.valuesLength && shown.length > 0) break;
    shown.push(text);
  }
  const rest = shown.length < values.length ? `, \u2026 (${values.length} values)` : "";
  return `${label}: ${shown.join(", ")}${rest}`;
}

/** A store path is told by its name: the hash before it means nothing to a reader. */
function renderValue(value: Value, length = ALL.valueLength): string {
  if (typeof value !== "string") return renderLabel(JSON.stringify(value), length);
  return value.trim() === "" ? JSON.stringify(value) : renderLabel(value.replace(STORE_PATH, ""), length);
}
