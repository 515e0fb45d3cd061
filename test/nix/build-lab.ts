import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { runCommand, SYSTEM_PATH, tryCommand } from "../harness/command.ts";
import type { CommandOutput } from "../harness/command.ts";
import { nixEnvironment } from "../harness/nix-environment.ts";
import { writeLibraryFlake, writePackageSet } from "../harness/package-set.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

/** A store of its own with the library and the package set beside it. */
export interface LabBuilder extends AsyncDisposable {
  readonly folder: string;
  /** How its Nix is started. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs `nix` with these arguments; a non-zero exit is a value. */
  readonly nix: (...args: readonly string[]) => Promise<CommandOutput>;
  /** Evaluates an expression to JSON; it sees `repx`, `pkgs` and the shorthands of `prelude.nix`. */
  readonly evaluate: <T>(expression: string, schema: z.ZodType<T>) => Promise<T>;
  /** The message with which an expression fails; the test fails when it does not. */
  readonly evaluateError: (expression: string) => Promise<string>;
  /** Builds an expression or an installable; returns the folder that holds its output, outside the chroot. */
  readonly build: (source: { expression: string } | { installable: string }) => Promise<string>;
  /** Copies a stage script so that it runs where there is no /nix, and runs it. */
  readonly runScript: (script: string, job: ScriptArguments) => Promise<CommandOutput>;
}

export interface ScriptArguments {
  readonly out: string;
  readonly inputs: string;
  /** Absent: the file is not written. */
  readonly parameters: string | undefined;
}

const builtSchema = z.array(z.object({ outputs: z.object({ out: z.string() }) })).length(1);

/** Starts a chroot store in a folder of its own; disposing removes all of it. `path` decides which Nix it is. */
export async function startLabBuilder({ path = SYSTEM_PATH } = {}): Promise<LabBuilder> {
  const scratch = await startScratchFolder();
  const { path: folder } = scratch;
  const environment = { ...nixEnvironment(folder), PATH: path };
  await writeLibraryFlake(join(folder, "library"), REPOSITORY_ROOT);
  await writePackageSet(join(folder, "packages"));
  const prelude = join(REPOSITORY_ROOT, "test/nix/prelude.nix");
  const nix: LabBuilder["nix"] = async (...args) =>
    tryCommand(["nix", ...args], { environment, folder, timeoutSeconds: 100 });
  const wrap = (expression: string) =>
    `with import ${prelude} { library = ${folder}/library; packages = "path:${folder}/packages"; }; ${expression}`;
  return {
    folder,
    environment,
    nix,
    evaluate: async (expression, schema) =>
      schema.parse(succeed(await nix("eval", "--impure", "--json", "--expr", wrap(expression)))),
    evaluateError: async (expression) => {
      const { exitCode, stdout, stderr } = await nix("eval", "--impure", "--json", "--expr", wrap(expression));
      if (exitCode === 0) throw new Error(`evaluated without an error: ${stdout}`);
      return stderr;
    },
    build: async (source) => {
      const what =
        "expression" in source
          ? ["--impure", "--expr", wrap(source.expression)]
          : [source.installable, "--no-write-lock-file"];
      const [built] = builtSchema.parse(succeed(await nix("build", "--no-link", "--json", ...what)));
      return join(folder, built?.outputs.out ?? "");
    },
    runScript: async (script, job) => runScript(folder, script, job),
    [Symbol.asyncDispose]: async () => scratch[Symbol.asyncDispose](),
  };
}

/** Copies an example and locks its inputs to the library and the package set, as a researcher's checkout would be. */
export async function writeExample(builder: LabBuilder, name: string, example = "parameter-sweep"): Promise<string> {
  const checkout = join(builder.folder, name);
  await cp(join(REPOSITORY_ROOT, "examples", example), checkout, { recursive: true });
  const { exitCode, stderr } = await builder.nix(
    "flake",
    "lock",
    `path:${checkout}`,
    "--override-input",
    "repx",
    `path:${builder.folder}/library`,
    "--override-input",
    "nixpkgs",
    `path:${builder.folder}/packages`,
  );
  if (exitCode !== 0) throw new Error(`nix flake lock ended with ${exitCode}\n${stderr}`);
  return checkout;
}

async function runScript(folder: string, script: string, { out, inputs, parameters }: ScriptArguments) {
  await mkdir(out, { recursive: true });
  const copy = `${out}.script`;
  const text = await readFile(script, "utf8");
  await writeFile(copy, text.replaceAll("/nix/store", join(folder, "nix/store")));
  await chmod(copy, 0o755);
  await writeFile(`${out}.inputs.json`, inputs);
  if (parameters !== undefined) await writeFile(`${out}.parameters.json`, parameters);
  return tryCommand([copy, out, `${out}.inputs.json`, `${out}.parameters.json`]);
}

/** Git with an identity of its own, for checkouts that are repositories. */
export async function runGit(folder: string, ...args: readonly string[]): Promise<void> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"];
  await runCommand(["git", ...identity, ...args], { folder, environment: { HOME: folder } });
}

function succeed({ exitCode, stdout, stderr }: CommandOutput): unknown {
  if (exitCode !== 0) throw new Error(`nix ended with ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}
