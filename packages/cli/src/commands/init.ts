import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { RepxError, RunName } from "@repx/core/model";
import type { Command, CommandCall } from "../command.ts";
import { writeProject } from "../write-project.ts";

/** Begins a project: a flake with one run, and the workflow that submits it. */
export const INIT: Command = {
  name: "init",
  summary: "begin a project: a flake with one run, and its workflow",
  description:
    "Writes a small experiment that builds as it is: two stages, twelve jobs. Files that are there stay as they are: " +
    "a README.md and a .gitignore are kept; if another one is in the way, nothing is written.",
  operands: [
    {
      name: "PATH",
      summary: "the project's folder, made if it is not there (default .)",
      isOptional: true,
      kind: "folder",
    },
  ],
  flags: { name: { value: "NAME", summary: "the name of the project and of its run", fallback: "the folder's name" } },
  examples: ["repx init", "repx init study", "repx init study --name percolation"],
  run: runInit,
};

async function runInit(call: CommandCall): Promise<number> {
  const folder = resolve(call.cwd, call.operands[0] ?? ".");
  const name = parseName(call.text("name"), folder);
  const { files, kept } = await writeProject(folder, name);
  if (call.isSet("json")) {
    call.screen.printJson({ name, folder, files, kept });
    return 0;
  }
  const { screen } = call;
  const place = relative(call.cwd, folder);
  screen.print(`The project ${screen.paint("bold", name)} is in ${place === "" ? "this folder" : place}:`);
  for (const file of files) screen.print(`  ${file}`);
  for (const file of kept)
    screen.print(`  ${file} was there and stays${file === ".gitignore" ? "; add the line result*" : ""}`);
  screen.print("\nNext:");
  for (const [command, meaning] of await listSteps(folder, place)) {
    screen.print(
      `  ${screen.paint("bold", command)}${meaning === "" ? "" : `${" ".repeat(24 - command.length)}${meaning}`}`,
    );
  }
  screen.print("\nThen say where your cluster is in .repx/config.toml, and push.");
  return 0;
}

function parseName(given: string | undefined, folder: string): RunName {
  const name = given ?? basename(folder);
  const parsed = RunName.safeParse(name);
  if (parsed.success) return parsed.data;
  const what = given === undefined ? `the folder's name ${JSON.stringify(name)}` : `--name ${JSON.stringify(name)}`;
  throw new RepxError("INPUT_INVALID", `${what} is ${parsed.error.issues[0]?.message ?? "not a run name"}`, {
    hint: given === undefined ? "Give the project a name of its own with --name." : "For example: --name my-study.",
  });
}

async function listSteps(folder: string, place: string): Promise<(readonly [command: string, meaning: string])[]> {
  return [
    ...(place === "" ? [] : [[`cd ${quoteWord(place)}`, ""] as const]),
    (await isInRepository(folder))
      ? ["git add .", "Nix sees what Git knows of"]
      : ["git init && git add .", "Nix sees what Git knows of"],
    ["repx build", "build the Lab"],
    ["repx list jobs", "look at what it would run"],
  ];
}

async function isInRepository(folder: string): Promise<boolean> {
  if ((await stat(join(folder, ".git")).catch(() => undefined)) !== undefined) return true;
  return dirname(folder) !== folder && isInRepository(dirname(folder));
}

function quoteWord(word: string): string {
  return /^[A-Za-z0-9._/+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
