import { registerHooks } from "node:module";
import { expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { readActionManifest } from "../harness/action-manifest.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { readOutline } from "./markdown-outline.ts";
import { listFiles, readText } from "./repository-files.ts";

// The parser imports JSON without the attribute that Node asks for.
registerHooks({
  load: (url, context, load) =>
    load(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");

const stepSchema = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const jobSchema = z.looseObject({
  permissions: z.record(z.string(), z.string()).optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  "timeout-minutes": z.number().optional(),
  steps: z.array(stepSchema).min(1),
});
const workflowSchema = z.looseObject({
  on: z.unknown(),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), jobSchema),
});

interface Source {
  readonly path: string;
  readonly text: string;
}

/** Workflows to copy, this repository's own, the examples', and those that pages show whole. */
async function readSources(): Promise<Source[]> {
  const files = await listFiles();
  const own = files.filter((path) => /^(workflows|(.*\/)?\.github\/workflows)\/[^/]+\.ya?ml$/.test(path));
  const pages = files.filter((path) => /^(README\.md|docs\/[^/]+\.md)$/.test(path));
  const shown = await Promise.all(
    pages.map(async (path) => {
      const { fences } = readOutline(await readText(path));
      return fences
        .filter(({ info, text }) => info === "yaml" && /^jobs:/m.test(text))
        .map(({ text }) => ({ path, text }));
    }),
  );
  return [...(await Promise.all(own.map(async (path) => ({ path, text: await readText(path) })))), ...shown.flat()];
}

// The parser is older than `vars`, which GitHub has wherever `secrets` is.
const KNOWN_GAP = /^undefined variable "vars"\./;

/** What GitHub's own parser finds wrong with a workflow, its expressions among it. */
async function findErrors({ path, text }: Source): Promise<string[]> {
  const { context, value } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors
    .getErrors()
    .map(({ message }) => message)
    .filter((message) => !KNOWN_GAP.test(message));
}

const EXPERIMENT = { path: "workflows/experiment.yml", text: await readText("workflows/experiment.yml") };

test("every workflow is one for GitHub's own parser", async () => {
  const sources = await readSources();
  expect(sources.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      ...["experiment", "reconcile", "cancel", "publish", "gc"].map((name) => `workflows/${name}.yml`),
      ".github/workflows/release.yml",
      "README.md",
    ]),
  );
  for (const source of sources) expect(await findErrors(source), source.path).toEqual([]);
});

test.each([
  ["runs-on:", "run-on:"],
  ["id-token: write", "id-token: maybe"],
  ["format(", "formatt("],
  ["inputs.runs ||", "input.runs ||"],
  ["merge_group:", "merge_groups:"],
])("the parser would find %j written as %j", async (right, wrong) => {
  expect(EXPERIMENT.text).toContain(right);
  expect(await findErrors({ ...EXPERIMENT, text: EXPERIMENT.text.replace(right, wrong) })).not.toEqual([]);
});

test("the Action is given inputs that it has, and asked for outputs that it has", async () => {
  const { inputNames } = await readActionManifest(REPOSITORY_ROOT);
  const outputs = z
    .looseObject({ outputs: z.record(z.string(), z.unknown()) })
    .parse(parse(await readText("action.yml")));
  for (const { path, text } of await readSources()) {
    const workflow = workflowSchema.parse(parse(text));
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const own = steps.filter(({ uses }) => /^repx\/action@v\d+$/.test(uses ?? ""));
    const names = own.flatMap((step) => Object.keys(step.with ?? {}));
    expect(
      names.filter((name) => !inputNames.has(name)),
      path,
    ).toEqual([]);
    const ids = own.flatMap((step) => (typeof step["id"] === "string" ? [step["id"]] : []));
    const asked = [...text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)].filter(([, id = ""]) => ids.includes(id));
    expect(
      asked.filter(([, , name = ""]) => !Object.hasOwn(outputs.outputs, name)),
      path,
    ).toEqual([]);
  }
});

test("each workflow to copy is one that the Action's commands are for", async () => {
  const sources = (await readSources()).filter(({ path }) => path.startsWith("workflows/"));
  const commands = sources.map(({ text }) => /^ +command: (\w+)$/m.exec(text)?.[1] ?? "submit");
  expect(commands.toSorted()).toEqual(["cancel", "gc", "pull", "reconcile", "submit"]);
});

test("every permission is declared, by each job, and a workflow by itself has none", async () => {
  for (const { path, text } of await readSources()) {
    const { permissions, jobs } = workflowSchema.parse(parse(text));
    // What pages show is short: the one block for the one job.
    if (!/^(workflows|\.github)\//.test(path)) continue;
    expect(permissions, path).toEqual({});
    for (const [name, job] of Object.entries(jobs)) {
      expect(job.permissions, `${path}: ${name}`).toBeDefined();
      expect(job["timeout-minutes"], `${path}: ${name}`).toBeGreaterThan(0);
    }
  }
});

test("what others wrote is pinned by commit, with its version beside it", async () => {
  for (const { path, text } of await readSources()) {
    if (!/^(workflows|\.github)\//.test(path)) continue;
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, name = ""]) => name);
    const loose = uses.filter(
      (name) => !/^(repx\/action@v\d+|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/.test(name),
    );
    expect(uses.length, path).toBeGreaterThan(0);
    expect(loose, path).toEqual([]);
  }
});

test("no value from outside is put into a script's text", async () => {
  for (const { path, text } of await readSources()) {
    const workflow = workflowSchema.parse(parse(text));
    const scripts = Object.values(workflow.jobs).flatMap((job) => job.steps.flatMap(({ run }) => run ?? []));
    expect(
      scripts.filter((script) => script.includes("${{")),
      path,
    ).toEqual([]);
  }
});

test("a release waits for everything that could speak against it", async () => {
  const { jobs } = workflowSchema.parse(parse(await readText(".github/workflows/release.yml")));
  const others = Object.keys(jobs).filter((name) => name !== "release");
  expect(jobs["release"]?.needs).toEqual(others);
  const commands = others.flatMap((name) => jobs[name]?.steps.flatMap(({ run }) => run ?? []) ?? []);
  expect(commands).toEqual(
    expect.arrayContaining([
      "npm run check",
      'npm run build && [ -z "$(git status --porcelain packages/action/dist)" ]',
      "npm test",
    ]),
  );
});
