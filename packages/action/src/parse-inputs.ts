// From the text of one input to its value: INPUT_INVALID names the input and what is wrong.
import { RepxError } from "@repx/core/model";
import type * as z from "zod";

/** Splits at white space; nothing is an empty list. */
export function parseWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Parses `true` and `false`. */
export function parseBoolean(name: string, text: string): boolean {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw new RepxError("INPUT_INVALID", `the input \`${name}\` is neither true nor false: ${text}`, {
    hint: `Write \`${name}: true\` or leave it out.`,
  });
}

/** Parses one of some words. */
export function parseChoice<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new RepxError("INPUT_INVALID", `the input \`${name}\` is ${JSON.stringify(text)}`, {
    hint: `Write one of ${words.join(", ")}.`,
  });
}

/** Parses by a schema what may be left out. */
export function parseOptional<Schema extends z.ZodType>(
  name: string,
  text: string,
  { schema, what }: { readonly schema: Schema; readonly what: string },
): z.output<Schema> | undefined {
  if (text === "") return undefined;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new RepxError("INPUT_INVALID", `the input \`${name}\` is ${JSON.stringify(text)}`, {
    hint: `Write ${what}, or leave it out.`,
    cause: parsed.error,
  });
}
