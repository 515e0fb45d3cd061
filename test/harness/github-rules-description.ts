// Requests against GitHub's own description of its API (github-openapi.json, cut by scripts/cut-openapi.ts).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import * as z from "zod";

/** What the description says about a request. */
export interface Judgement {
  /** As GitHub calls it, `checks/create`; undefined when there is nothing at that place. */
  readonly operation?: string;
  /** From the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The body's JSON; undefined when there is none. */
  readonly json?: unknown;
  readonly problems: readonly string[];
}

const Tree = z.record(z.string(), z.unknown());
type Tree = z.infer<typeof Tree>;
const Reference = z.object({ $ref: z.string() });
const Parameter = z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Tree });
type Parameter = z.infer<typeof Parameter>;
const Body = z.object({
  required: z.boolean().optional(),
  content: z.object({ "application/json": z.object({ schema: Tree }) }),
});
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.union([Reference, Parameter])).default([]),
  requestBody: Body.optional(),
});
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ parameters: z.record(z.string(), Parameter), schemas: Tree }),
});

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  /** A 0 for a fixed part, a 1 for a variable one. */
  readonly rank: string;
  readonly operation: z.infer<typeof Operation>;
  readonly parameters: readonly { readonly parameter: Parameter; readonly check: ValidateFunction }[];
  readonly checkBody?: ValidateFunction;
}

const FILE = join(import.meta.dirname, "github-openapi.json");
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
/** Of these parameters the value may have slashes. */
const LONG_PARAMETERS: ReadonlySet<string> = new Set(["path", "ref"]);

/** Reads the description, and answers with what judges requests by it. */
export async function readDescription(): Promise<
  (method: string, path: string, query: URLSearchParams, body: Buffer) => Judgement
> {
  const description = Description.parse(JSON.parse(await readFile(FILE, "utf8")));
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addFormat("date-time", (text: string) => RFC_3339.test(text) && !Number.isNaN(Date.parse(text)));
  ajv.addFormat("uri", (text: string) => URL.canParse(text));
  ajv.addFormat("int64", { type: "number", validate: Number.isSafeInteger });
  ajv.addSchema({ $id: "github", components: { schemas: convert(description.components.schemas) } });
  const routes = Object.entries(description.paths)
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) =>
        compileRoute(ajv, description.components.parameters, path, method, operation),
      ),
    )
    // `/commits/{ref}/check-runs` before `/commits/{ref}`, which may have slashes; fixed parts before variable ones.
    .toSorted((left, right) => right.rank.length - left.rank.length || (left.rank < right.rank ? -1 : 1));
  return (method, path, query, body) => {
    const route = routes.find((one) => one.method === method && one.pattern.test(path));
    if (route === undefined) return { parameters: {}, problems: [`no such operation: ${method} ${path}`] };
    const groups = route.pattern.exec(path)?.groups ?? {};
    const parameters = Object.fromEntries(
      Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    const { json, problems } = judgeBody(route, body);
    const all = [...judgeParameters(route, parameters, query), ...problems];
    return { operation: route.operation.operationId, parameters, json, problems: all };
  };
}

function compileRoute(
  ajv: Ajv,
  known: Readonly<Record<string, Parameter>>,
  path: string,
  method: string,
  operation: z.infer<typeof Operation>,
): Route {
  const source = path
    .replaceAll(".", "\\.")
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${LONG_PARAMETERS.has(name) ? ".+" : "[^/]+"})`);
  const parameters = operation.parameters.map((one) => {
    const parameter = "$ref" in one ? known[one.$ref.split("/").at(-1) ?? ""] : one;
    if (parameter === undefined) throw new Error(`the description has no parameter of ${operation.operationId}`);
    return { parameter, check: ajv.compile(Tree.parse(convert(parameter.schema))) };
  });
  const schema = operation.requestBody?.content["application/json"].schema;
  return {
    method: method.toUpperCase(),
    pattern: new RegExp(`^${source}$`),
    rank: path
      .split("/")
      .map((part) => (part.startsWith("{") ? "1" : "0"))
      .join(""),
    operation,
    parameters,
    ...(schema !== undefined && { checkBody: ajv.compile(Tree.parse(convert(schema))) }),
  };
}

/** OpenAPI 3.0 as JSON schema, and stricter: GitHub passes over a field that it does not know, which hides a misspelled one. */
function convert(value: unknown, isPart = false): unknown {
  if (Array.isArray(value)) return value.map((one) => convert(one, isPart));
  const tree = Tree.safeParse(value).data;
  if (tree === undefined) return value;
  const { nullable, ...rest } = tree;
  const schema: Tree = Object.fromEntries(
    // What stands below anyOf and the like says only a part of what there may be.
    Object.entries(rest).map(([key, inner]) => [key, convert(inner, ["allOf", "anyOf", "oneOf"].includes(key))]),
  );
  if (typeof schema["$ref"] === "string") schema["$ref"] = schema["$ref"].replace(/^#/, "github#");
  if (!isPart && Tree.safeParse(schema["properties"]).success)
    schema["additionalProperties"] ??= schema["type"] !== "object";
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

function judgeParameters(route: Route, path: Readonly<Record<string, string>>, query: URLSearchParams): string[] {
  const problems = [...query.keys()]
    .filter((name) => !route.parameters.some(({ parameter }) => parameter.in === "query" && parameter.name === name))
    .map((name) => `the query has ${name}, which is unknown there`);
  for (const { parameter, check } of route.parameters) {
    const { name, schema } = parameter;
    const text = parameter.in === "path" ? path[name] : (query.get(name) ?? undefined);
    if (text === undefined) {
      if (parameter.required === true) problems.push(`${name} is missing`);
    } else if (!check(parseText(text, schema["type"]))) {
      problems.push(...renderErrors(check, name));
    }
  }
  return problems;
}

function parseText(text: string, type: unknown): unknown {
  if (type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  return type === "boolean" && /^(?:true|false)$/.test(text) ? text === "true" : text;
}

function judgeBody({ checkBody, operation }: Route, body: Buffer): { json?: unknown; problems: string[] } {
  if (body.length === 0) {
    return { problems: operation.requestBody?.required === true ? ["the body is missing"] : [] };
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return { problems: ["the body is not JSON in UTF-8"] };
  }
  if (checkBody === undefined) {
    // Octokit sends `{}` where nothing is to be said.
    return { json, problems: JSON.stringify(json) === "{}" ? [] : ["there is a body where none belongs"] };
  }
  return { json, problems: checkBody(json) ? [] : renderErrors(checkBody, "body") };
}

function renderErrors({ errors }: ValidateFunction, place: string): string[] {
  return (errors ?? []).map(({ instancePath, message, params }) => {
    const field = "additionalProperty" in params ? `: ${String(params["additionalProperty"])}` : "";
    return `${place}${instancePath} ${message ?? "is wrong"}${field}`;
  });
}
