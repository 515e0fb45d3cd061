import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { RepxError } from "../../model/errors.ts";
import { findNearest } from "../../model/find-nearest.ts";

/** Parses TOML against a schema; CONFIG_INVALID names the file, the key's path, and what was expected there. */
export function parseToml<Schema extends z.ZodType>(text: string, source: string, schema: Schema): z.infer<Schema> {
  const data = readToml(text, source);
  const result = schema.safeParse(data, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  // A mistyped key is the reason why the right one is missing.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue === undefined) throw new TypeError("a schema refused without an issue");
  const { message, hint } = explainIssue(issue, schema);
  throw new RepxError("CONFIG_INVALID", `${source}: ${message}`, { hint, details: { source, path: issue.path } });
}

function readToml(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [reason] = cause.message.split("\n");
    throw new RepxError("CONFIG_INVALID", `${source}:${cause.line}:${cause.column}: ${reason}`, {
      hint: "Correct the TOML; strings need quotes, tables are written [name].",
      cause,
    });
  }
}

function explainIssue(issue: z.core.$ZodIssue, schema: z.ZodType): { message: string; hint: string } {
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const known = listKeys(schema, issue.path);
    const nearest = findNearest(key, known);
    const hint = nearest === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${nearest}?`;
    return { message: `unknown key ${renderPath([...issue.path, key])}`, hint };
  }
  const where = renderPath(issue.path);
  if (issue.code === "invalid_type") {
    const { words, example } = describeKind(issue.expected, issue.path);
    if (issue.input === undefined) return { message: `${where} is missing`, hint: `Add ${words}: \`${example}\`.` };
    return { message: `${where} must be ${words}, not ${renderInput(issue)}`, hint: `Write \`${example}\`.` };
  }
  if (issue.code === "custom") {
    const hint: unknown = issue.params?.["hint"];
    const message = `${where} is ${renderInput(issue)}: ${issue.message}`;
    return { message, hint: typeof hint === "string" ? hint : `Write another value, or remove ${where}.` };
  }
  return { message: `${where} is ${renderInput(issue)}`, hint: `It ${describeLimit(issue)}.` };
}

function renderInput({ input }: z.core.$ZodIssue): string {
  return `${JSON.stringify(input)} (${Array.isArray(input) ? "array" : typeof input})`;
}

function describeLimit(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `may be ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  if (issue.code === "too_small" && issue.origin === "string") return "must not be empty";
  if (issue.code === "too_small")
    return `must be ${issue.inclusive === true ? "at least" : "more than"} ${issue.minimum}`;
  if (issue.code === "too_big") return `may be ${issue.inclusive === true ? "at most" : "less than"} ${issue.maximum}`;
  return issue.message;
}

/** What is expected at a path, in words, with a line that would do. */
function describeKind(expected: string, path: readonly PropertyKey[]): { words: string; example: string } {
  const key = String(path.at(-1) ?? "");
  const where = renderPath(path).replaceAll(/\[\d+\]/g, "");
  if (expected === "string") return { words: "a text in quotes", example: `${key} = "…"` };
  if (expected === "boolean") return { words: "true or false", example: `${key} = false` };
  if (expected === "array") return { words: "a list", example: `${key} = ["…"]` };
  if (expected === "record") return { words: "a table of tables", example: `[${where}.NAME]` };
  if (expected === "object") return { words: "a table", example: `[${where}]` };
  return { words: "a whole number", example: `${key} = 4` };
}

function renderPath(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === "number" ? `[${part + 1}]` : `.${String(part)}`));
  return parts.join("").replace(/^\./, "");
}

/** Lists the keys that a schema knows at a path, for naming the one that was meant. */
function listKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  let at = unwrap(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[String(part)]);
    else if (at instanceof z.ZodRecord) at = unwrap(at.valueType);
    else if (at instanceof z.ZodArray) at = unwrap(at.element);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
