import type * as z from "zod";
import { findJsonFault, JSON_LIMITS } from "./find-json-fault.ts";
import { clipText } from "../clip-text.ts";
import { refuseLab } from "../refuse-lab.ts";
import type { LabSource } from "../source/lab-source.ts";

/** Reads JSON files of one Lab against schemas; all together they are limited as well. */
export interface MetadataReader {
  read<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>>;
}

const MOST_BYTES = 2 * JSON_LIMITS.bytes;

/** Begins to read a Lab's metadata. */
export function startMetadataReader(source: LabSource): MetadataReader {
  let bytes = 0;
  return {
    read: async (file, schema) => {
      const content = await source.readFile(file, JSON_LIMITS.bytes);
      bytes += content.length;
      if (bytes > MOST_BYTES) throw refuseLab(source.path, `its metadata is larger than ${MOST_BYTES} bytes`);
      return parseMetadata(source.path, file, content, schema);
    },
  };
}

function parseMetadata<Schema extends z.ZodType>(
  lab: string,
  file: string,
  content: Buffer,
  schema: Schema,
): z.infer<Schema> {
  const result = schema.safeParse(parseJson(lab, file, content.toString("utf8")));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const pointer = renderPointer(issue?.path ?? []);
  const where = pointer === "" ? "" : ` at ${pointer}`;
  // Of a key the schema says only that it is none; the reason lies inside.
  const reason = issue?.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue?.message;
  throw refuseLab(lab, `${file}${where}: ${clipText(reason ?? "not valid")}`, { file, pointer });
}

function parseJson(lab: string, file: string, text: string): unknown {
  const fault = findJsonFault(text);
  if (fault !== undefined) throw refuseLab(lab, `${file}: ${clipText(fault)}`, { file, pointer: "" });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuseLab(lab, `${file} is not JSON`, { file, pointer: "" }, cause);
  }
}

/** RFC 6901, with long parts cut. */
function renderPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${clipText(String(part)).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
