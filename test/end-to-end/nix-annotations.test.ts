import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionRun, runAction } from "../harness/action-runner.ts";
import { runCommand } from "../harness/command.ts";
import { nixEnvironment } from "../harness/nix-environment.ts";
import { installNix, NIX_SUITES } from "../harness/nix-versions.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";

// What each Nix says of a flake that does not evaluate becomes an annotation at the line of the repository's file.

let scratch: ScratchFolder;
let workspace: string;

const FLAKES = {
  // At the flake's top, and in a file that it imports; in a folder of the repository.
  "flake.nix": "{\n  outputs = { self }: {\n    packages.x86_64-linux.default = let x = 1; in y;\n  };\n}\n",
  "study/flake.nix": "{\n  outputs = { self }: {\n    packages.x86_64-linux.default = import ./lab.nix;\n  };\n}\n",
  "study/lab.nix": "{\n  a = 1\n}\n",
} as const;

beforeAll(async () => {
  scratch = await startScratchFolder();
  workspace = join(scratch.path, "workspace");
  await mkdir(join(workspace, "study"), { recursive: true });
  for (const [name, text] of Object.entries(FLAKES)) await writeFile(join(workspace, name), text);
  await writeFile(join(workspace, "config.toml"), `[targets.here]\nbase_path = "${scratch.path}/base"\n`);
  await runCommand(["git", "init", "-q", "."], { folder: workspace });
  await runCommand(["git", "add", "-A"], { folder: workspace });
});
afterAll(async () => {
  await runCommand(["rm", "-rf", join(scratch.path, "nix")]);
  await scratch[Symbol.asyncDispose]();
});

async function runOn(lab: string, path: string): Promise<ActionRun> {
  return runAction({
    action: REPOSITORY_ROOT,
    folder: join(scratch.path, "runner"),
    inputs: { lab, config: "config.toml" },
    context: {
      repository: "lab/study",
      sha: "0".repeat(40),
      ref: "refs/heads/main",
      actor: "octocat",
      eventName: "push",
      event: {},
      apiUrl: "http://127.0.0.1:9",
      workspace,
      token: "ghs_never-used",
    },
    environment: { ...nixEnvironment(join(scratch.path, "nix")), PATH: path },
  });
}

test.each(
  NIX_SUITES.flatMap((suite) => [
    { suite, lab: ".", file: "flake.nix", line: 3, message: /undefined variable 'y'/ },
    { suite, lab: "path:./study", file: "study/lab.nix", line: 3, message: /syntax error, unexpected '?\}/ },
  ]),
)("Nix of $suite: what is wrong in $file is annotated at its line", async ({ suite, lab, file, line, message }) => {
  const nix = await installNix(suite);
  const run = await runOn(lab, nix.path);
  const [matched, told, ...others] = run.annotations;
  expect(matched, run.log).toMatchObject({ level: "error", file, line });
  expect(matched?.message).toMatch(message);
  expect(told?.title).toBe("NIX_BUILD_FAILED");
  expect(others).toEqual([]);
  expect(run.log).toMatch(new RegExp(`^\\s*at ${file}:${line}:\\d+:$`, "m"));
});
