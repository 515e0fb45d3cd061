// Which jobs a page of a submission shows: the address's query, which is also the form above the table.
import { hasParameter, isFinal, isSuccess, JobState, RepxError, type JobRecord } from "@repx/core/model";
import * as z from "zod";
import { renderIssues } from "../issues.ts";

/** Rows of a page. */
export const PAGE_SIZE = 200;

/** A state, or several that are asked for together. */
export const StateFilter = z.enum(["any", "open", "trouble", ...JobState.options]);
export type StateFilter = z.infer<typeof StateFilter>;

/** `order`: as registered. */
export const Sort = z.enum(["order", "slowest", "latest", "stage"]);
export type Sort = z.infer<typeof Sort>;

/** A form sends its empty fields too. */
const Text = z.string().max(1000).trim();

const JobQueryText = z.object({
  state: z.union([z.literal("").transform(() => "any" as const), StateFilter]).default("any"),
  stage: Text.default(""),
  parameter: Text.default(""),
  sort: z.union([z.literal("").transform(() => "order" as const), Sort]).default("order"),
  page: z.coerce.number().int().min(1).max(100_000).default(1),
});

/** The query of a submission's page, as it stands in the address. */
export type JobQuery = z.infer<typeof JobQueryText>;

/** What `parseJobQuery` gives for an empty query. */
export const NO_QUERY: JobQuery = { state: "any", stage: "", parameter: "", sort: "order", page: 1 };

/** Reads a query; COORD_REQUEST_INVALID names the field that is wrong. */
export function parseJobQuery(query: Readonly<Record<string, string>>): JobQuery {
  const parsed = JobQueryText.safeParse(query);
  if (!parsed.success) throw refuseQuery(renderIssues(parsed.error));
  parseConditions(parsed.data.parameter);
  return parsed.data;
}

/** Renders a query with some fields changed, beginning with `?`; fields at their default are left out. */
export function renderJobQuery(query: JobQuery, changes: Partial<JobQuery> = {}): string {
  const fields = Object.entries({ ...query, ...changes }).map(([name, value]) => [name, String(value)] as const);
  const defaults = new Map(Object.entries(NO_QUERY).map(([name, value]) => [name, String(value)]));
  const search = new URLSearchParams(
    fields.filter(([name, value]) => defaults.get(name) !== value).map(([...pair]) => pair),
  );
  return search.size === 0 ? "?" : `?${search.toString()}`;
}

/** A parameter's name, and the value that it must have. */
type Condition = readonly [name: string, value: string];

/** Reads `name=value` pairs between blanks; a value with blanks is in double quotes, as it is shown. */
export function parseConditions(text: string): Condition[] {
  const words = text.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  return words.map((word) => {
    const at = word.indexOf("=");
    if (at < 1) throw refuseQuery(`parameter: "${word.slice(0, 100)}" is not of the form name=value`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

/** Makes the question that a job must answer with yes to be shown. */
export function openJobFilter(
  query: JobQuery,
): (
  job: { readonly stage: string; readonly parameters: Readonly<Record<string, unknown>> },
  state: JobRecord["state"],
) => boolean {
  const conditions = parseConditions(query.parameter);
  return (job, state) =>
    isStateWanted(query.state, state) &&
    (query.stage === "" || job.stage === query.stage) &&
    conditions.every(([name, value]) => hasParameter(job.parameters, name, value));
}

function isStateWanted(wanted: StateFilter, state: JobState): boolean {
  if (wanted === "any") return true;
  if (wanted === "open") return !isFinal(state);
  if (wanted === "trouble") return isFinal(state) && !isSuccess(state);
  return wanted === state;
}

function refuseQuery(message: string): RepxError {
  return new RepxError("COORD_REQUEST_INVALID", `the jobs cannot be chosen: ${message}`, {
    hint: 'Name parameters as the table shows them, for instance seed=1 or name="two words", with blanks between them.',
  });
}
