import { join } from "node:path";
import { afterAll, test } from "vitest";
import { startExpressionFiles } from "./expression-file.ts";

// Read before the tests are known: the titles are in the files.
const files = await startExpressionFiles(join(import.meta.dirname, "expressions"));
afterAll(async () => files[Symbol.asyncDispose]());

// `%s` of a pair: Vitest would cut `$title` short.
const values = files.values.map((value) => [value.title, value] as const);
const errors = files.errors.map((error) => [error.title, error] as const);

test.concurrent.for(values)("%s", async ([, { readValue }], { expect }) => {
  const { expr, expected } = await readValue();
  expect(expr).toEqual(expected);
});

test.concurrent.for(errors)("%s", async ([, { parts, readMessage }], { expect }) => {
  const message = await readMessage();
  for (const part of parts) expect(message).toContain(part);
});
