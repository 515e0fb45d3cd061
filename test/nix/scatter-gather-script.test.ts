import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

/** The gather of a stage whose scatter has an output `table`; it copies it to its own output. */
const gather = `(executable "gather" (jobOf "sg" (runStage (scattered {
  scatter.outputs = { worker__arg = { n = 0; }; work__items = "$out/work_items.json"; table = "$out/deep/table.tsv"; };
  gather = {
    inputs = { worker__outs = ""; table = ""; };
    run = { inputs, outputs, ... }: ''cat "\${inputs.table}" > "\${outputs.total}"'';
  };
}) { }))).script`;

let builder: LabBuilder;
let script: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  script = join(await builder.build({ expression: gather }), "bin/sg-gather");
});
afterAll(async () => builder[Symbol.asyncDispose]());

async function runGather(job: string, table: string, inputs: Record<string, string>): Promise<string> {
  const out = join(builder.folder, "outputs", job, "out");
  const path = join(builder.folder, "outputs", job, table);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, job);
  const { stderr } = await builder.runScript(script, { out, inputs: JSON.stringify(inputs), parameters: "{}" });
  expect(stderr).toBe("");
  return readFile(join(out, "total"), "utf8");
}

test("a gather finds an output of the scatter beside its own folder, as RepX 0.5 lays them out", async () => {
  expect(await runGather("plain", "scatter/out/deep/table.tsv", {})).toBe("plain");
});

test("a gather reads an output of the scatter where it is told that it lies", async () => {
  const table = join(builder.folder, "outputs/told/elsewhere");
  expect(await runGather("told", "elsewhere", { table })).toBe("told");
});
