import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { buildLab } from "../../packages/core/src/lab/nix/build-lab.ts";
import { SYSTEM_PATH } from "../harness/command.ts";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

let builder: LabBuilder;
beforeAll(async () => {
  builder = await startLabBuilder();
});
afterAll(async () => builder[Symbol.asyncDispose]());

/** A stage script whose own text is this. */
function mkScript(text: string, extra = ""): string {
  return `internal "mkStageScript" ({
    inherit pkgs;
    program = "sum"; version = "1.1"; place = "sum.nix";
    parameters = { }; inputs = { }; outputs = { }; runDependencies = [ ];
    run = _: ''\n${text.replaceAll("${", "''${")}\n'';
  } // { ${extra} })`;
}

/** What the builder says when it refuses a script, without the marks that Nix puts before its lines. */
async function refuse(text: string, extra = ""): Promise<string> {
  const failure = await builder.build({ expression: mkScript(text, extra) }).then(
    () => "it was built",
    (error: unknown) => String(error),
  );
  const lines = failure.split("\n").flatMap((line) => /(?:error\[|hint: ).*/.exec(line) ?? []);
  return lines.length === 0 ? failure : lines.join("\n");
}

const JQ = `(derivation {
  name = "jq"; system = "x86_64-linux"; builder = "\${pkgs.bash}/bin/bash"; PATH = "\${pkgs.coreutils}/bin";
  args = [ "-c" "mkdir -p $out/bin; echo > $out/bin/jq; chmod +x $out/bin/jq" ];
})`;
const WITHOUT_SHELLCHECK = `pkgs = removeAttrs pkgs [ "shellcheck" ];`;

describe("a command that no package of the stage has", () => {
  test("fails the build, with its line and what to add", async () => {
    expect(await refuse("echo 1\n\njq . data.json")).toBe(
      [
        "error[LAB_COMMAND_UNDECLARED]: at stage sum (sum.nix): line 3: jq is not on the stage's PATH",
        "hint: add the package that has it to runDependencies, e.g. runDependencies = [ pkgs.jq ]; for a command of the cluster write in the script: # repx: uses host command jq",
      ].join("\n"),
    );
  });

  test("is named together with all others, by the packages that nixpkgs has them in", async () => {
    const message = await refuse("jq . x |\n  Rscript plot.R\nx=$(python -c 1)\nmpirun ./x\nclang++ y.cc");
    expect(message).toContain(
      "line 1: jq, line 2: Rscript, line 3: python, line 4: mpirun, line 5: clang++ are not on the stage's PATH",
    );
    expect(message).toContain("runDependencies = [ pkgs.jq pkgs.R pkgs.python3 pkgs.openmpi pkgs.clang ];");
    expect(message).toContain("# repx: uses host command jq, Rscript, python, mpirun, clang++");
  });

  test("is answered with a name that differs in one letter", async () => {
    const message = await refuse("simulate() { :; }\nsiumlate\nsotr x\nhead_ y\nxargss\njqq");
    expect(message).toContain(
      "line 2: siumlate (did you mean simulate?), line 3: sotr (did you mean sort?), line 4: head_ (did you mean head?), line 5: xargss (did you mean xargs?), line 6: jqq are not",
    );
  });

  test("is found where the machine that builds has it", async () => {
    expect(await refuse("perl -v")).toContain("line 1: perl is not on the stage's PATH");
  });
});

describe("a script is accepted", () => {
  test.each([
    ["whose commands are declared", "jq . x", `runDependencies = [ ${JQ} ];`],
    [
      "of the tools that every stage has",
      "sort x | awk 1 | sed p | grep y; find . -name x | xargs cat; bash -c true",
      "",
    ],
    [
      "of functions, builtins, subshells and paths",
      [
        "log() { printf '%s\\n' \"$*\"; }",
        'function twice { local x; for x in 1 2; do log "$x $(date +%s | cut -c 1-3)"; done; }',
        "(cd / && pwd) | while read -r line; do [[ $line == / ]] || exit 3; done",
        'tool=/bin/none; if [ -x "$tool" ]; then "$tool" --version; /opt/x/bin/y; ./z; fi',
        "declare -A m=([a b]=1); ((m[c] = 1 << 2)); case ${m[c]} in 4) twice ;; esac",
        "trap 'log end' EXIT; set -- a b; shift; export X=1; mapfile -t lines < <(ls)",
      ].join("\n"),
      "",
    ],
    ["that declares what the cluster has", "# repx: uses host commands srun, module\nmodule load x\nsrun hostname", ""],
    ["with patterns that shopt allows", "shopt -s extglob\nrm -f !(keep|x)", ""],
    ["that begins with a comment on a path", "# /data/in holds what is read here\necho 1", ""],
    ["with a shebang below its first line", "# what it does\n #!/bin/bash\necho 1", ""],
    ["that shellcheck finds untidy", "x=(a b)\nfor i in ${x[@]}; do echo $i $undefined `ls`; done", ""],
  ])("%s", async (_title, text, extra) => {
    const folder = await builder.build({ expression: mkScript(text, extra) });
    expect(await readFile(join(folder, "bin/sum"), "utf8")).toMatch(
      new RegExp(`own script\\.\\n[^]*${escape(text)}\\n`),
    );
  });
});

/** A pattern that matches this text. */
function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

test("a script that bash cannot read is refused with bash's words and the line in the stage's own text", async () => {
  const message = await refuse("echo 1\nif true; then\n  echo 2\ndone");
  expect(message).toContain(
    "error[LAB_SCRIPT_INVALID]: at stage sum (sum.nix): bash cannot read the script: line 4: syntax error near unexpected token `done'; line 4: `done'\n",
  );
  expect(message).toContain("hint: line 1 is the first line of what the stage's run returns");
});

test("a here-document without an end is refused", async () => {
  expect(await refuse("cat <<END\ntext\n  END")).toContain("here-document at line 1 delimited by end-of-file");
});

test("an error that shellcheck sees is refused with its words, its line and how to allow it", async () => {
  const text = "echo 1\n[ $# > 3 ]\n[[ -f *.txt ]]";
  const message = await refuse(text);
  expect(message).toMatch(
    /^error\[LAB_SCRIPT_SUSPECT\]: at stage sum \(sum\.nix\): line 2: .*-gt.* \[SC2071\]; line 3: .* \[SC2144\]\n/,
  );
  expect(message).toContain(
    "hint: see https://www.shellcheck.net/wiki/SC2071; where it is meant, write above the line: # shellcheck disable=SC2071",
  );
});

test("a package set without shellcheck does without it", async () => {
  expect(await refuse("[ $# > 3 ]", WITHOUT_SHELLCHECK)).toBe("it was built");
});

test("the checks and the name of the stage's file do not enter the identity, the text does", async () => {
  const scripts = [mkScript("a"), mkScript("a", `place = null; ${WITHOUT_SHELLCHECK}`), mkScript("b")];
  const expression = `map (script: script.identity) [ ${scripts.map((script) => `(${script})`).join(" ")} ]`;
  const [first, checked, other] = await builder.evaluate(expression, z.array(z.string()));
  expect(checked).toBe(first);
  expect(other).not.toBe(first);
});

test("the Action says what the builder of a Lab's stage refuses, with its hint", async () => {
  const folder = join(builder.folder, "study");
  await mkdir(folder);
  await writeFile(join(folder, "sum.nix"), `{ ... }: { pname = "sum"; run = _: ''\n  true\n  jq . x\n''; }`);
  await writeFile(
    join(folder, "flake.nix"),
    `{
      inputs = { repx.url = "path:${builder.folder}/library"; packages.url = "path:${builder.folder}/packages"; };
      outputs = { self, repx, packages }: {
        packages.x86_64-linux.default = repx.lib.runs2Lab [ (repx.lib.mkRun {
          pkgs = packages.legacyPackages.x86_64-linux; name = "study";
          pipelines = [ ({ repx, ... }: repx.mkPipe { sum = repx.callStage ./sum.nix [ ]; }) ];
        }) ];
      };
    }`,
  );
  const environment = { ...builder.environment, PATH: SYSTEM_PATH };
  const reference = `path:${folder}`;
  await expect(buildLab({ reference, environment, cwd: folder })).rejects.toMatchObject({
    code: "NIX_BUILD_FAILED",
    message: `nix build ${reference} failed: error[LAB_COMMAND_UNDECLARED]: at stage sum (sum.nix): line 2: jq is not on the stage's PATH`,
    hint: expect.stringMatching(/^add the package that has it to runDependencies/),
  });
});
