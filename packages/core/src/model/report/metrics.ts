import { escapeMarkdown, renderCode } from "./markdown.ts";
import { Metrics } from "../protocol.ts";

/** Rows that people read, and that stay far below what GitHub takes. */
const MAX_ROWS = 50;

/** Parses the text of a `metrics.json`; undefined when it is not one (the job itself is not to blame for a report). */
export function readMetrics(text: string): Metrics | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: the same answer as JSON of another shape, and the report says so.
    return undefined;
  }
  return Metrics.safeParse(value).data;
}

/** Renders a number with its error so that the last digits shown are those that the error leaves certain. */
export function renderQuantity(value: number, error?: number): string {
  // Twelve digits: a count stays exact, and the noise of a double's last digits is not shown.
  if (error === undefined || !(error > 0) || !Number.isFinite(error)) return String(Number(value.toPrecision(12)));
  const power = Math.floor(Math.log10(Math.max(Math.abs(value), error)));
  if (power >= -4 && power < 6) return renderFixed(value, error, 1 - Math.floor(Math.log10(error)));
  // Very small and very large ones in one power of ten: (1.6020 ± 0.0010)e-19.
  const scaled = error / 10 ** power;
  return `(${renderFixed(value / 10 ** power, scaled, 1 - Math.floor(Math.log10(scaled)))})e${power}`;
}

/** Two certain digits of the error; beyond twelve decimals a double has nothing to tell. */
function renderFixed(value: number, error: number, decimals: number): string {
  const digits = Math.min(12, Math.max(0, decimals));
  return `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;
}

/** A job's metrics with what tells it apart from others. */
export interface MetricsEntry {
  readonly stage: string;
  /** `name=value` of the job's parameters; empty when it has none. */
  readonly parameters: string;
  readonly metrics: Metrics | undefined;
}

/** Renders metrics of several jobs as one table; one that could not be read is named. */
export function renderMetricsTable(entries: readonly MetricsEntry[]): string {
  const hasParameters = entries.some(({ parameters }) => parameters !== "");
  const rows = entries.flatMap(({ stage, parameters, metrics }) => {
    const job = hasParameters ? [escapeMarkdown(stage), renderCode(parameters)] : [escapeMarkdown(stage)];
    if (metrics === undefined) return [[...job, "", "metrics.json is not an object of numbers"]];
    return Object.entries(metrics).map(([name, metric]) => [...job, escapeMarkdown(name), renderMetric(metric)]);
  });
  const head = hasParameters ? ["stage", "parameters", "metric", "value"] : ["stage", "metric", "value"];
  const shown = rows.slice(0, MAX_ROWS);
  if (rows.length > MAX_ROWS) shown.push([...head.slice(1).map(() => ""), `_and ${rows.length - MAX_ROWS} more_`]);
  return [head, head.map(() => "---"), ...shown].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function renderMetric(metric: Metrics[string]): string {
  if (typeof metric === "number") return renderQuantity(metric);
  const unit = metric.unit === undefined ? "" : ` ${escapeMarkdown(metric.unit)}`;
  return `${renderQuantity(metric.value, metric.error)}${unit}`;
}
