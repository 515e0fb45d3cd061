import { escapeMarkdown } from "./markdown.ts";
import { Metrics } from "./protocol.ts";

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
  if (error === undefined || !(error > 0) || !Number.isFinite(error)) return String(Number(value.toPrecision(6)));
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

/** Renders metrics of several jobs as one table; one that could not be read is named. */
export function renderMetricsTable(
  entries: readonly { readonly label: string; readonly metrics: Metrics | undefined }[],
): string {
  const rows = entries.flatMap(({ label, metrics }) => {
    if (metrics === undefined) return [`| ${escapeMarkdown(label)} | | metrics.json is not a table of numbers |`];
    return Object.entries(metrics).map(([name, metric]) => {
      const quantity = typeof metric === "number" ? { value: metric } : metric;
      const unit = "unit" in quantity && quantity.unit !== undefined ? ` ${escapeMarkdown(quantity.unit)}` : "";
      const error = "error" in quantity ? quantity.error : undefined;
      return `| ${escapeMarkdown(label)} | ${escapeMarkdown(name)} | ${renderQuantity(quantity.value, error)}${unit} |`;
    });
  });
  const more = rows.length > MAX_ROWS ? [`| | | _and ${rows.length - MAX_ROWS} more_ |`] : [];
  return ["| stage | metric | value |", "|---|---|---|", ...rows.slice(0, MAX_ROWS), ...more].join("\n");
}
