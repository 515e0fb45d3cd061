// Measures one area against what a user would pick instead: `npm run bench -- AREA`.
import { readdir } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { parseArea, renderMeasures, type Measure } from "./measure.ts";

const FOLDER = new URL("../bench/", import.meta.url);

async function listAreas(): Promise<string[]> {
  const files = await readdir(FOLDER).catch(() => []);
  return files.flatMap((file) => (file.endsWith(".bench.ts") ? [file.slice(0, -".bench.ts".length)] : [])).toSorted();
}

function renderHelp(areas: readonly string[]): string {
  return `npm run bench -- AREA [--only PART,PART] [--json]

Runs one benchmark and prints a table; exit code 1 when a figure misses its bar.
Times are medians of runs that take turns, compared as ratios.

  --only    measure these parts only; a part that does not exist lists those that do
  --json    print one object: area, machine, measures

Areas: ${areas.length === 0 ? "none yet" : areas.join(", ")}
`;
}

/** Where the figures come from: they hold for no other machine. */
function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean" } },
  });
  const areas = await listAreas();
  if (values.help === true) {
    process.stdout.write(renderHelp(areas));
    return 0;
  }
  const area = positionals[0] ?? "";
  if (!areas.includes(area)) {
    process.stderr.write(
      `${area === "" ? "no area is given" : `there is no benchmark of \`${area}\``}\n\n${renderHelp(areas)}`,
    );
    return 2;
  }
  const measured = parseArea(await import(new URL(`${area}.bench.ts`, FOLDER).href));
  const { parts = [] } = measured;
  const only = values.only?.split(",");
  const unknown = only?.find((part) => !parts.includes(part));
  if (unknown !== undefined) {
    process.stderr.write(`${area} has no part \`${unknown}\`; it has: ${parts.join(", ") || "none"}\n`);
    return 2;
  }
  const measures: readonly Measure[] = await measured.run(only);
  const machine = describeMachine();
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ area, machine, measures }, null, 2)}\n`
      : renderMeasures(area, machine, measures),
  );
  return measures.every((measure) => measure.holds) ? 0 : 1;
}

process.exitCode = await main();
