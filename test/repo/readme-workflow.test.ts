import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { readActionManifest } from "../harness/action-manifest.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { readOutline } from "./markdown-outline.ts";
import { listFiles, readText } from "./repository-files.ts";

const EXAMPLE = "examples/parameter-sweep/.github/workflows/experiment.yml";
const ACTION = /^repx\/action@v\d+$/;

const stepSchema = z.looseObject({
  uses: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
const workflowSchema = z.looseObject({
  on: z.unknown(),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), z.looseObject({ "runs-on": z.string(), steps: z.array(stepSchema).min(1) })),
});
type Workflow = z.infer<typeof workflowSchema>;

function parseWorkflow(text: string): Workflow {
  return workflowSchema.parse(parse(text));
}

async function readWorkflows(page: string): Promise<Workflow[]> {
  const { fences } = readOutline(await readText(page));
  return fences
    .filter(({ info, text }) => info === "yaml" && /^jobs:/m.test(text))
    .map(({ text }) => parseWorkflow(text));
}

function listInputs(workflow: Workflow): string[] {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
  return steps.filter(({ uses }) => ACTION.test(uses ?? "")).flatMap((step) => Object.keys(step.with ?? {}));
}

/** A workflow without its name, and with the inputs that it leaves to their defaults. */
function fill(workflow: Workflow, defaults: Readonly<Record<string, string>>): unknown {
  const jobs = Object.entries(workflow.jobs).map(([name, job]) => {
    const steps = job.steps.map((step) =>
      ACTION.test(step.uses ?? "") ? { ...step, with: { ...defaults, ...step.with } } : step,
    );
    return [name, { ...job, steps }] as const;
  });
  return { ...workflow, name: undefined, jobs: Object.fromEntries(jobs) };
}

test("the README's workflow is the example's", async () => {
  const { defaults } = await readActionManifest(REPOSITORY_ROOT);
  const [shown, ...others] = await readWorkflows("README.md");
  if (shown === undefined || others.length > 0) throw new Error("the README has one workflow");
  expect(fill(shown, defaults)).toEqual(fill(parseWorkflow(await readText(EXAMPLE)), defaults));
});

test("every workflow that is shown or shipped uses inputs that the Action has", async () => {
  const { inputNames } = await readActionManifest(join(REPOSITORY_ROOT, "action.yml"));
  const files = await listFiles();
  const pages = files.filter((path) => /^(README\.md|docs\/[^/]+\.md)$/.test(path));
  const shipped = files.filter((path) => /^examples\/.*\/\.github\/workflows\/.*\.ya?ml$/.test(path));
  const workflows = [
    ...(await Promise.all(pages.map(readWorkflows))).flat(),
    ...(await Promise.all(shipped.map(async (path) => parseWorkflow(await readText(path))))),
  ];
  const inputs = workflows.map(listInputs);
  expect(inputs.length).toBeGreaterThan(1);
  for (const names of inputs) {
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !inputNames.has(name))).toEqual([]);
  }
});

test("the README shows what it is within forty lines", async () => {
  const lines = (await readText("README.md")).split("\n");
  const first = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith("## ")),
  );
  expect(first.length).toBeLessThanOrEqual(40);
  expect(first.join("\n")).toContain("uses: repx/action@");
});
