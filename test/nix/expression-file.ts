import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { runCommand, tryCommand } from "../harness/command.ts";
import type { CommandOutput } from "../harness/command.ts";
import { nixEnvironment } from "../harness/nix-environment.ts";
import { writeLibraryFlake, writePackageSet } from "../harness/package-set.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const valueSchema = z.object({ expr: z.unknown(), expected: z.unknown() });
const planSchema = z.array(z.object({ title: z.string(), error: z.array(z.string()).optional() }));

/** A fact that an expression has a value. */
export interface ValueCase {
  readonly title: string;
  readonly readValue: () => Promise<z.infer<typeof valueSchema>>;
}

/** A fact that an expression fails, with a message that holds these parts. */
export interface ErrorCase {
  readonly title: string;
  readonly parts: readonly string[];
  readonly readMessage: () => Promise<string>;
}

export interface ExpressionFiles extends AsyncDisposable {
  readonly values: readonly ValueCase[];
  readonly errors: readonly ErrorCase[];
}

type Evaluate = (file: string, ...what: readonly string[]) => Promise<CommandOutput>;

/** Reads the cases of all files in a folder and starts a store for them, away from the machine's Nix and its settings. */
export async function startExpressionFiles(folder: string): Promise<ExpressionFiles> {
  const scratch = await startScratchFolder();
  const library = join(scratch.path, "library");
  const packages = join(scratch.path, "packages");
  await Promise.all([writeLibraryFlake(library, REPOSITORY_ROOT), writePackageSet(packages)]);
  const environment = nixEnvironment(scratch.path);
  // Else the first programs to use the store make it at once and one of them fails.
  await runCommand(["nix-store", "--init"], { environment });
  const program = [
    "nix-instantiate",
    "--eval",
    "--strict",
    "--json",
    join(import.meta.dirname, "expression-cases.nix"),
  ];
  const places = ["--argstr", "library", library, "--argstr", "packages", `path:${packages}`];
  const evaluate: Evaluate = async (file, ...what) =>
    tryCommand([...program, ...places, "--argstr", "file", file, "-A", ...what], { environment, timeoutSeconds: 100 });
  const names = (await readdir(folder)).filter((name) => name.endsWith(".nix")).toSorted();
  const read = await Promise.all(names.map(async (name) => readFile(join(folder, name), evaluate)));
  return {
    values: read.flatMap(({ values }) => values),
    errors: read.flatMap(({ errors }) => errors),
    [Symbol.asyncDispose]: async () => scratch[Symbol.asyncDispose](),
  };
}

async function readFile(file: string, evaluate: Evaluate): Promise<{ values: ValueCase[]; errors: ErrorCase[] }> {
  const name = basename(file, ".nix");
  const plan = await evaluate(file, "plan");
  if (plan.exitCode !== 0) {
    // One failing test, not the end of the other files.
    const broken = { title: `${name}: is a file of cases`, readValue: async () => valueSchema.parse(parse(plan)) };
    return { values: [broken], errors: [] };
  }
  const readOne = async (title: string) => evaluate(file, "value", "--argstr", "title", title);
  let all: Promise<CommandOutput> | undefined;
  const readValue = async (title: string) => {
    const output = await (all ??= evaluate(file, "values"));
    if (output.exitCode === 0) return valueSchema.parse(z.record(z.string(), z.unknown()).parse(parse(output))[title]);
    // One case that fails takes the others' values with it: then each is asked alone, for a message of its own.
    return valueSchema.parse(parse(await readOne(title)));
  };
  const cases = planSchema.parse(parse(plan));
  const wanted = cases.filter(({ error }) => error === undefined).map(({ title }) => title);
  return {
    values: wanted.map((title) => ({ title: `${name}: ${title}`, readValue: async () => readValue(title) })),
    errors: cases.flatMap(({ title, error }) =>
      error === undefined
        ? []
        : [{ title: `${name}: ${title}`, parts: error, readMessage: async () => readMessage(await readOne(title)) }],
    ),
  };
}

/** Without the lines of source that Nix quotes: they may be the case itself, with the message that it expects. */
function readMessage({ exitCode, stdout, stderr }: CommandOutput): string {
  if (exitCode === 0) throw new Error(`evaluated without an error: ${stdout}`);
  return stderr.replaceAll(/^ *\d*\|.*\n/gm, "");
}

function parse({ exitCode, stdout, stderr }: CommandOutput): unknown {
  if (exitCode !== 0) throw new Error(`nix-instantiate ended with ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}
