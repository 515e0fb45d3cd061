import { readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type * as z from "zod";
import { RepxError } from "../model/errors.ts";

const HINT = "Build the Lab again with `nix build`; if it was copied, copy it again whole.";

/** The error for a Lab that is not one: which file, and what was wrong with it. */
export function refuseLab(folder: string, message: string, details?: unknown, cause?: unknown): RepxError {
  return new RepxError("LAB_INVALID", `${folder}: ${message}`, { hint: HINT, details, cause });
}

/** Reads a JSON file of a Lab against a schema; it must lie inside the Lab even when reached by a symbolic link. */
export async function readMetadata<Schema extends z.ZodType>(
  folder: string,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  await refuseEscape(folder, path);
  const result = schema.safeParse(parseJson(folder, path, await readFile(join(folder, path), "utf8")));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const pointer = renderPointer(issue?.path ?? []);
  const where = pointer === "" ? "" : ` at ${pointer}`;
  throw refuseLab(folder, `${path}${where}: ${issue?.message ?? "not valid"}`, { file: path, pointer });
}

/** Refuses a path of a Lab that does not exist or that a symbolic link leads out of it. */
export async function refuseEscape(folder: string, path: string): Promise<void> {
  const [root, place] = await Promise.all([realpath(folder), realpath(join(folder, path))]).catch((cause: unknown) => {
    throw refuseLab(folder, `${path} is missing`, { file: path }, cause);
  });
  if (!place.startsWith(`${root}${sep}`)) throw refuseLab(folder, `${path} leads out of the Lab`, { file: path });
}

function parseJson(folder: string, path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuseLab(folder, `${path} is not JSON`, { file: path, pointer: "" }, cause);
  }
}

/** RFC 6901. */
function renderPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
