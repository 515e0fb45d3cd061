import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { locateLab, type LocatedLab } from "../../packages/core/src/lab/locate-lab.ts";
import { installNix, NIX_SUITES } from "../harness/nix-versions.ts";
import type { InstalledNix, NixSuite } from "../harness/nix-versions.ts";
import { runGit, startLabBuilder, writeExample } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { hashFiles, readManifest } from "./read-lab.ts";

/** One version of Nix with a store of its own. */
interface Stand {
  readonly nix: InstalledNix;
  readonly builder: LabBuilder;
}

/** What is the same whichever Nix made it. */
interface LabFacts {
  readonly derivations: readonly string[];
  readonly output: string;
  readonly files: readonly { path: string; sha256: string }[];
  readonly archive: string;
}

const STUDY = `{
  inputs = { repx.url = "path:./library"; packages.url = "path:./packages"; };
  outputs = { self, repx, packages }: let
    pkgs = packages.legacyPackages.x86_64-linux;
    shell = name: script: derivation {
      inherit name; system = "x86_64-linux"; builder = "\${pkgs.bash}/bin/bash"; args = [ "-c" script ];
    };
    run = extra: repx.lib.mkRun ({
      inherit pkgs; name = "study";
      pipelines = [ ({ repx, ... }: repx.mkPipe { a = repx.callStage { pname = "a"; run = _: "true"; } [ ]; }) ];
    } // extra);
  in {
    packages.x86_64-linux = {
      default = repx.lib.runs2Lab [ (run { }) ];
      refused = repx.lib.runs2Lab [ (run { paramters = { }; }) ];
      undefined = pkgs.nothing;
      broken = shell "outer" ": \${shell "inner" "echo its last words; exit 3"}";
    };
  };
}`;

let stands: readonly Stand[] = [];
let study: string;
beforeAll(async () => {
  stands = await Promise.all(NIX_SUITES.map(startStand));
  const [oldest] = stands;
  if (oldest === undefined) throw new Error("no Nix to compare");
  study = await writeStudy(oldest.builder);
});
afterAll(async () => Promise.all(stands.map(async ({ builder }) => builder[Symbol.asyncDispose]())));

async function startStand(suite: NixSuite): Promise<Stand> {
  const nix = await installNix(suite);
  return { nix, builder: await startLabBuilder({ path: nix.path }) };
}

/** Writes a Git checkout whose inputs lie inside it, and locks them with this version. */
async function writeStudy({ folder, nix }: LabBuilder): Promise<string> {
  const checkout = join(folder, "study");
  await mkdir(checkout);
  await writeFile(join(checkout, "flake.nix"), STUDY);
  for (const name of ["library", "packages"]) await cp(join(folder, name), join(checkout, name), { recursive: true });
  const { exitCode, stderr } = await nix("flake", "lock", `path:${checkout}`);
  if (exitCode !== 0) throw new Error(`nix flake lock ended with ${exitCode}\n${stderr}`);
  await runGit(checkout, "init", "--quiet");
  await runGit(checkout, "add", "--all");
  return checkout;
}

/** Asks a version for a Lab the way the product does. */
async function locate(suite: NixSuite, reference: string): Promise<LocatedLab & { readonly store: string }> {
  const builder = stands.find(({ nix }) => nix.suite === suite)?.builder;
  if (builder === undefined) throw new Error(`no Nix of ${suite}`);
  const { environment, folder } = builder;
  return { ...(await locateLab({ reference, environment, cwd: folder })), store: folder };
}

test("the versions compared are 2.8, 2.26 and a newer one", () => {
  const minors = stands.map(({ nix }) => Number(/^2\.(?<minor>\d+)/.exec(nix.version)?.groups?.["minor"]));
  expect(minors).toEqual([8, 26, minors[2]]);
  expect(minors[2]).toBeGreaterThanOrEqual(34);
});

async function readFacts(builder: LabBuilder, lab: string): Promise<LabFacts> {
  const derivation = await builder.evaluate(`(${lab}).drvPath`, z.string());
  const folder = await builder.build({ expression: lab });
  const closure = await builder.nix("path-info", "-r", "--derivation", derivation);
  return {
    derivations: closure.stdout.trimEnd().split("\n").toSorted(),
    output: folder.slice(builder.folder.length),
    files: await hashFiles(folder),
    archive: (await builder.nix("hash", "path", folder)).stdout,
  };
}

describe.each([
  ["the parameter sweep", example("parameter-sweep")],
  ["the reference experiment", example("reference-lab")],
  [
    "a Lab with all other features",
    async () => `import ${join(import.meta.dirname, "all-features.nix")} { inherit repx pkgs stage pipe run; }`,
  ],
])("%s", (_title, prepare) => {
  test("has the same derivations, paths and bytes with every version", async () => {
    const [old, ...newer] = await Promise.all(
      stands.map(async ({ builder }) => readFacts(builder, await prepare(builder))),
    );
    expect(old?.files.length).toBeGreaterThan(20);
    expect(old?.archive).toMatch(/^sha256-/);
    expect(old?.derivations).toContainEqual(expect.stringMatching(/-hpc-experiment-lab\.drv$/));
    for (const facts of newer) expect(facts).toEqual(old);
  });
});

describe.each(NIX_SUITES)("with the Nix of %s", (suite) => {
  test("a Git checkout is built into the version's own store, and its lock file stays as another version wrote it", async () => {
    const lock = await readFile(join(study, "flake.lock"), "utf8");
    const { folder, storeRoot, store, nixVersion } = await locate(suite, study);
    expect(nixVersion).toBe(stands.find(({ nix }) => nix.suite === suite)?.nix.version);
    expect(storeRoot).toBe(store);
    expect(await readManifest(folder)).toMatchObject({ lab_version: "1.0.0" });
    expect(await readFile(join(study, "flake.lock"), "utf8")).toBe(lock);
  });

  test.each([
    {
      fault: "an attribute that the flake does not have",
      attribute: "absent",
      message: /does not provide attribute 'packages\.x86_64-linux\.absent', [^\n]*$/,
      hint: /^List what the flake offers: `nix flake show .*study`\.$/,
    },
    {
      fault: "a mistake that the library refuses",
      attribute: "refused",
      message: /failed: error\[LAB_KEY_UNKNOWN\]: at run study: unknown key paramters$/,
      hint: /^known keys: pkgs, name, pipelines, parameters, /,
    },
    {
      fault: "a package that the set does not have",
      attribute: "undefined",
      message: /failed: attribute 'nothing' missing at .*flake\.nix:\d+:\d+:$/,
      hint: /--show-trace/,
    },
    {
      fault: "a builder that fails below the Lab",
      attribute: "broken",
      message: /failed: builder for '.*-inner\.drv' failed with exit code 3: its last words$/,
      hint: /^Read the builder's whole log: `nix log \/nix\/store\/.*-inner\.drv`\.$/,
    },
  ])("$fault is named in one line, with advice", async ({ attribute, message, hint }) => {
    const failure = {
      code: "NIX_BUILD_FAILED",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    };
    await expect(locate(suite, `${study}#${attribute}`)).rejects.toMatchObject(failure);
  });
});

function example(name: string): (builder: LabBuilder) => Promise<string> {
  return async (builder) => {
    const checkout = await writeExample(builder, name, name);
    return `(builtins.getFlake "path:${checkout}").packages.x86_64-linux.default`;
  };
}
