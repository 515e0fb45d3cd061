import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { readRun } from "./read-lab.ts";

const LAB = `let nixpkgs = import ${join(import.meta.dirname, "nixpkgs-shape.nix")} { inherit pkgs; }; in
  repx.runs2Lab [ (repx.mkRun {
    pkgs = nixpkgs;
    name = "study";
    pipelines = [ ({ repx, ... }: repx.mkPipe { unpack = repx.callStage ({ xz, ... }: {
      pname = "unpack";
      parameters.library = "";
      outputs.found = "$out/found.txt";
      runDependencies = [ xz nixpkgs.zlib.dev ];
      run = { outputs, ... }: ''xzcat </dev/null; command -v xzcat > "\${outputs.found}"'';
    }) [ ]; }) ];
    parameters.library = [ nixpkgs.zlib "\${nixpkgs.xz.doc}/share" ];
  }) ]`;

let builder: LabBuilder;
let lab: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  lab = await builder.build({ expression: LAB });
});
afterAll(async () => builder[Symbol.asyncDispose]());

async function readClosure(): Promise<string[]> {
  return (await readFile(join(lab, "closure/store-paths"), "utf8")).trimEnd().split("\n");
}

test("a Lab brings the outputs that hold programs and those that the definition names, and no others", async () => {
  const names = (await readClosure()).map((path) => path.slice("/nix/store/".length + 33));
  expect(names.toSorted()).toEqual([
    "bash-5.2",
    "coreutils-1.0",
    "findutils-1.0",
    "gawk-1.0",
    "gnugrep-1.0",
    "gnused-1.0",
    "unpack-script-1.1",
    "xz-1.0-bin",
    "xz-1.0-doc",
    "zlib-1.3",
    "zlib-1.3-dev",
  ]);
});

test("a job runs the program of the package that its stage names", async () => {
  const [job] = Object.values((await readRun(lab, "study")).jobs);
  const out = join(builder.folder, "out");
  const script = join(lab, job?.executables.main.path ?? "");
  const { exitCode, stderr } = await builder.runScript(script, { out, inputs: "{}", parameters: '{"library":"x"}' });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const xz = (await readClosure()).find((path) => path.endsWith("-xz-1.0-bin"));
  expect(await readFile(join(out, "found.txt"), "utf8")).toBe(`${builder.folder}${xz}/bin/xzcat\n`);
});
