import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { RepxError } from "../model/errors.ts";
import { findNearest } from "../model/find-nearest.ts";

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
  if (issue.code === "invalid_type" && issue.input === undefined) {
    return { message: `${where} is missing`, hint: `Add ${where}, a ${issue.expected}.` };
  }
  const came = `${JSON.stringify(issue.input)} (${Array.isArray(issue.input) ? "array" : typeof issue.input})`;
  if (issue.code === "invalid_type") {
    return {
      message: `${where} must be of type ${issue.expected}, not ${came}`,
      hint: `Write a ${issue.expected} there.`,
    };
  }
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map((value) => JSON.stringify(value)).join(", ");
    return { message: `${where} is ${came}`, hint: `It may be ${allowed}.` };
  }
  const hint: unknown = issue.code === "custom" ? issue.params?.["hint"] : undefined;
  return {
    message: `${where} is ${came}: ${issue.message}`,
    hint: typeof hint === "string" ? hint : `Correct ${where}.`,
  };
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
