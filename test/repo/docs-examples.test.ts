import * as model from "@repx/core/model";
import { expect, test } from "vitest";
import { readOutline } from "./markdown-outline.ts";
import { listMarkdown, readText } from "./repository-files.ts";

const SCHEMAS = {
  ErrorAnswer: model.ErrorAnswer,
  EventReceipt: model.EventReceipt,
  JobEvent: model.JobEvent,
  KnownLab: model.KnownLab,
  Pulse: model.Pulse,
  SubmissionReceipt: model.SubmissionReceipt,
  SubmissionRequest: model.SubmissionRequest,
  SubmissionView: model.SubmissionView,
} as const;

async function readExamples(): Promise<{ page: string; schema: string; text: string }[]> {
  const pages = await Promise.all(
    (await listMarkdown()).map(async (page) =>
      readOutline(await readText(page)).fences.flatMap(({ info, text }) => {
        const schema = /^json (\w+)$/.exec(info)?.[1];
        return schema === undefined ? [] : [{ page, schema, text }];
      }),
    ),
  );
  return pages.flat();
}

test("every JSON example of the docs that names a schema is one, without a field too many", async () => {
  const examples = await readExamples();
  for (const { page, schema, text } of examples) {
    const known = Object.entries(SCHEMAS).find(([name]) => name === schema)?.[1];
    if (known === undefined) throw new Error(`${page}: an example names the schema ${schema}, which is not known here`);
    const value: unknown = JSON.parse(text);
    expect(known.parse(value), `${page}: ${schema}`).toEqual(value);
  }
});

test("every body of the coordinator's interface has an example", async () => {
  const shown = (await readExamples()).map(({ schema }) => schema);
  expect(Object.keys(SCHEMAS).filter((schema) => !shown.includes(schema))).toEqual([]);
});
