// Writes the parts of the docs that stand in the code already, between `<!-- generated: NAME -->` and
// `<!-- /generated -->`. Run it as `node scripts/write-docs.ts`; test/repo/docs-generated.test.ts compares.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { COMMANDS, listFlags, nameOperand, renderUsage, type Command } from "@repx/cli";
import { CODES } from "@repx/core/model";
import { parse } from "yaml";
import * as z from "zod";

const ROOT = resolve(import.meta.dirname, "..");

const manifestSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.looseObject({ description: z.string() })),
});

/** Renders every page that has a generated part, by its path; nothing is written. */
export async function renderDocs(): Promise<Map<string, string>> {
  const manifest = manifestSchema.parse(parse(await readText("action.yml")));
  const parts: readonly (readonly [page: string, name: string, text: string])[] = [
    ["docs/action.md", "inputs", renderInputs(manifest.inputs)],
    ["docs/action.md", "outputs", renderOutputs(manifest.outputs)],
    ["docs/commands.md", "commands", renderCommands((command) => !goesToTarget(command))],
    ["docs/target-commands.md", "target commands", renderCommands(goesToTarget)],
    ["docs/errors.md", "codes", renderCodes()],
    ["docs/nix.md", "signatures", await renderSignatures()],
    ["docs/coordinator-storage.md", "schema", await renderSchema()],
  ];
  const pages = new Map<string, string>();
  for (const [page, name, text] of parts) {
    pages.set(page, replacePart(pages.get(page) ?? (await readText(page)), name, text));
  }
  return pages;
}

/** Puts a text between the markers of a part; a page without them is an error. */
export function replacePart(page: string, name: string, text: string): string {
  const start = `<!-- generated: ${name} -->`;
  const end = "<!-- /generated -->";
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`a page lacks ${start} or the ${end} that ends it`);
  return `${page.slice(0, from + start.length)}\n\n${text.trim()}\n\n${page.slice(to)}`;
}

/** The page that has a code's entry, from docs/errors.md. */
function nameErrorPage(code: string): string {
  if (/^(SSH|SYNC|GC)_/.test(code)) return "target-errors.md";
  if (/^(COORD|GITHUB)_/.test(code)) return "coordinator-errors.md";
  return /^(SLURM|LOCAL|RUNTIME|SUBMISSION)_/.test(code) ? "job-errors.md" : "";
}

function renderInputs(inputs: z.infer<typeof manifestSchema>["inputs"]): string {
  const rows = Object.entries(inputs).map(
    ([name, input]) =>
      `| \`${name}\` | ${input.default === "" ? "" : `\`${input.default}\``} | ${escapeCell(input.description)} |`,
  );
  return ["| input | default | meaning |", "|---|---|---|", ...rows].join("\n");
}

function renderOutputs(outputs: z.infer<typeof manifestSchema>["outputs"]): string {
  const rows = Object.entries(outputs).map(([name, output]) => `| \`${name}\` | ${escapeCell(output.description)} |`);
  return ["| output | meaning |", "|---|---|", ...rows].join("\n");
}

/** What `repx COMMAND --help` says, as tables; `--json` and `--help` are those of every command. */
function renderCommands(belongs: (command: Command) => boolean): string {
  return COMMANDS.filter((command) => command.isHidden !== true && belongs(command))
    .map(renderCommand)
    .join("\n\n");
}

function goesToTarget({ flags }: Command): boolean {
  return "accept-new-host-key" in flags;
}

function renderCommand(command: Command): string {
  const rows = [
    ...command.operands.map((operand) => [nameOperand(operand), operand.summary] as const),
    ...listFlags(command.flags).map(([name, meaning]) => [name.trim(), meaning] as const),
  ].map(([name, meaning]) => `| \`${escapeCell(name)}\` | ${escapeCell(meaning)} |`);
  return [
    `### repx ${command.name}`,
    `\`${renderUsage(command)}\``,
    `${command.summary.slice(0, 1).toUpperCase()}${command.summary.slice(1)}. ${command.description ?? ""}`.trim(),
    ["```sh", ...command.examples, "```"].join("\n"),
    ...(rows.length === 0 ? [] : [["| word | meaning |", "|---|---|", ...rows].join("\n")]),
  ].join("\n\n");
}

function renderCodes(): string {
  const rows = Object.entries(CODES).map(
    ([code, { exit, retry }]) =>
      `| [${code}](${nameErrorPage(code)}#${code.toLowerCase()}) | ${exit} | ${retry ? "yes" : ""} |`,
  );
  return ["| code | exit status | trying again may help |", "|---|--:|---|", ...rows].join("\n");
}

/** The comment that a file of the Nix library begins with is its signature: `# name : argument -> result`. */
async function renderSignatures(): Promise<string> {
  const names = (await readdir(join(ROOT, "packages/nix"))).filter((name) => name.endsWith(".nix")).toSorted();
  const entries = await Promise.all(
    names.map(async (name) => ({
      name: name.replace(".nix", ""),
      text: readHead(await readText(`packages/nix/${name}`)),
    })),
  );
  const library = await readText("packages/nix/default.nix");
  const isPublic = ({ name }: { name: string }) =>
    name === "callStage" || library.includes(` ${name} = import ./${name}.nix;`);
  return ["```text", ...entries.filter(isPublic).map(({ text }) => text), "```"].join("\n");
}

function readHead(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return lines
    .slice(0, end)
    .map((line, index) => `${index === 0 ? "" : "  "}${line.replace(/^# ?/, "")}`)
    .join("\n");
}

/** The storage's migrations are the template literals of schema.ts that begin a line. */
async function renderSchema(): Promise<string> {
  const source = await readText("packages/coordinator/src/schema.ts");
  const steps = [...source.matchAll(/^ {2}`\n([^`$]*)`,?$/gm)].map(([, text = ""]) =>
    text.replaceAll(/^ {2}/gm, "").trim(),
  );
  if (steps.length === 0) throw new Error("packages/coordinator/src/schema.ts holds no migration that can be shown");
  return ["```sql", steps.join("\n\n"), "```"].join("\n");
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

async function readText(path: string): Promise<string> {
  return readFile(join(ROOT, path), "utf8");
}

if (import.meta.main) {
  for (const [path, text] of await renderDocs()) {
    if ((await readText(path)) === text) continue;
    await writeFile(join(ROOT, path), text);
    console.log(`written: ${path}`);
  }
}
