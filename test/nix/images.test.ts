import { mkdir, readFile, readdir, readlink, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { runCommand } from "../harness/command.ts";
import { startPodman } from "../harness/podman.ts";
import type { Podman } from "../harness/podman.ts";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { hashFiles, readManifest, readRun } from "./read-lab.ts";

const savedSchema = z.tuple([
  z.strictObject({ Config: z.string(), Layers: z.array(z.string()), RepoTags: z.array(z.string()) }),
]);

/** Two runs of one stage; each has a store path of its own as the parameter, and the second one's name is no tag. */
const renderLab = (containerMode: string) => `repx.runs2Lab {
  containerMode = "${containerMode}";
  runs = map (name: run name {
    pipelines = [ (pipe (call: { read = call (stage "read" {
      parameters.file = "";
      outputs.copy = "$out/copy";
      run = { parameters, ... }: ''cat "\${parameters.file}" > copy'';
    }) [ ]; })) ];
    parameters.file = [ "\${builtins.toFile "data-\${name}" "of \${name}\\n"}" ];
  }) [ "first" "Second_Run" ];
}`;

let builder: LabBuilder;
let podman: Podman;
let unified: string;
let perRun: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  podman = await startPodman();
  unified = await builder.build({ expression: renderLab("unified") });
  perRun = await builder.build({ expression: renderLab("per-run") });
});
afterAll(async () => {
  await podman[Symbol.asyncDispose]();
  await builder[Symbol.asyncDispose]();
});

async function readImage(lab: string, run: string) {
  const path = (await readRun(lab, run)).image ?? "";
  const [saved] = savedSchema.parse(JSON.parse(await readFile(join(lab, path, "manifest.json"), "utf8")));
  return { path, ...saved };
}

/** The store paths that the layers of an image hold, by layer. */
async function listStorePaths(lab: string, image: { path: string; Layers: readonly string[] }): Promise<string[][]> {
  return Promise.all(
    image.Layers.map(async (layer) => {
      const { stdout } = await runCommand(["tar", "--list", "--file", join(lab, image.path, layer)]);
      return [...new Set(stdout.match(/(?<=^nix\/store\/)[^/\n]+/gm))].map((name) => `/nix/store/${name}`);
    }),
  );
}

describe("a Lab has", () => {
  test("one image for all runs in mode unified", async () => {
    const images = await readdir(join(unified, "images"));
    expect(images).toEqual([expect.stringMatching(/^[0-9a-z]{32}-repx-shared-image\.tar$/)]);
    for (const run of ["first", "Second_Run"]) {
      expect((await readRun(unified, run)).image).toBe(`images/${images[0]}`);
    }
  });

  test("an image for each run in mode per-run, whose name is a tag", async () => {
    const images = await Promise.all(["first", "Second_Run"].map(async (run) => readImage(perRun, run)));
    expect(images.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^images\/[0-9a-z]{32}-first-image\.tar$/),
      expect.stringMatching(/^images\/[0-9a-z]{32}-second-run-image\.tar$/),
    ]);
    expect(images.map(({ RepoTags }) => RepoTags)).toEqual(
      images.map(({ path }) => [`${basename(path, ".tar")}:latest`]),
    );
    expect(await readdir(join(perRun, "images"))).toHaveLength(2);
  });

  test("no image in mode none", async () => {
    const lab = await builder.build({ expression: renderLab("none") });
    expect(await readdir(lab)).not.toContain("images");
    expect(await readRun(lab, "first")).not.toHaveProperty("image");
  });

  test.each(["unified", "per-run"])("a true hash for every file in mode %s", async (mode) => {
    const lab = mode === "unified" ? unified : perRun;
    const files = await hashFiles(lab);
    expect((await readManifest(lab)).files).toEqual(files.filter(({ path }) => path !== "lab/lab-metadata.json"));
  });
});

test("the layers are links into the Lab's store, named by their hash", async () => {
  const { path, Layers, Config } = await readImage(unified, "first");
  const hashes = new Map((await hashFiles(unified)).map((file) => [file.path, file.sha256]));
  for (const layer of Layers) {
    const digest = layer.split("/")[0] ?? "";
    expect(await readlink(join(unified, path, layer))).toBe(`../../../store/${digest}-layer.tar`);
    expect(hashes.get(`store/${digest}-layer.tar`)).toBe(digest);
  }
  expect(`${hashes.get(join(path, Config))}.json`).toBe(Config);
});

test("an image holds the closure of its runs: scripts, programs and the store paths of parameters", async () => {
  const closure = (await readFile(join(unified, "closure/store-paths"), "utf8")).trimEnd().split("\n");
  const held = (await listStorePaths(unified, await readImage(unified, "first"))).flat();
  expect(held.toSorted()).toEqual(closure);
  expect(held.map((path) => path.slice("/nix/store/".length + 33))).toEqual(
    expect.arrayContaining(["data-first", "data-Second_Run", "read-script-1.1"]),
  );
});

test("images of runs hold their own closure and share the layers of what they have in common", async () => {
  const [first, second] = [await readImage(perRun, "first"), await readImage(perRun, "Second_Run")];
  const held = (await listStorePaths(perRun, first)).flat().filter((path) => path.includes("-data-"));
  expect(held).toEqual([expect.stringMatching(/-data-first$/)]);
  const layers = (await readdir(join(perRun, "store"))).filter((name) => name.endsWith("-layer.tar"));
  expect(first.Layers.filter((layer) => second.Layers.includes(layer))).toHaveLength(first.Layers.length - 1);
  expect(layers).toHaveLength(first.Layers.length + 1);
});

test("podman loads an image and runs a stage of it, for any user, with nothing to write but its output", async () => {
  const { image, jobs } = await readRun(unified, "Second_Run");
  const [job] = Object.values(jobs);
  const folder = join(builder.folder, "job");
  await mkdir(folder, { mode: 0o777 });
  await writeFile(join(folder, "inputs.json"), "{}");
  await writeFile(join(folder, "parameters.json"), JSON.stringify(job?.params));
  await runCommand(["chmod", "0777", builder.folder, folder]);
  const name = await podman.load(join(unified, image ?? ""));
  expect(name).toBe(`localhost/${basename(image ?? "", ".tar")}:latest`);
  const restrictions = ["--read-only", "--cap-drop", "all", "--user", "4321:4321"];
  const script = `${join(unified, job?.executables.main.path ?? "")}:/lab/read:ro`;
  const output = await podman.run(
    name,
    ["/lab/read", "/job/out", "/job/inputs.json", "/job/parameters.json"],
    [...restrictions, "--volume", `${folder}:/job`, "--volume", script],
  );
  expect(output).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await readFile(join(folder, "out/copy"), "utf8")).toBe("of Second_Run\n");
});

test("skopeo finds every layer to be what its digest says", async () => {
  const { path, Layers } = await readImage(unified, "first");
  const tar = join(builder.folder, "image.tar");
  await runCommand(["tar", "--create", "--dereference", "--file", tar, "--directory", join(unified, path), "."]);
  const archive = `docker-archive:${tar}`;
  const { stdout } = await runCommand(["skopeo", "inspect", archive]);
  const inspected = z.object({ Layers: z.array(z.string()), Architecture: z.string() }).parse(JSON.parse(stdout));
  expect(inspected.Layers).toEqual(Layers.map((layer) => `sha256:${layer.split("/")[0]}`));
  const copy = `oci:${join(builder.folder, "oci")}:lab`;
  await runCommand(["skopeo", "--insecure-policy", "copy", "--quiet", archive, copy]);
});

test("an image is the same, bit for bit, when it is built again and in another store", async () => {
  await using other = await startLabBuilder();
  const again = await other.build({ expression: renderLab("unified") });
  expect(await hashFiles(again)).toEqual(await hashFiles(unified));
  const { stdout: derivations } = await builder.nix(
    "path-info",
    "--derivation",
    "--recursive",
    `/nix/store/${basename(unified)}`,
  );
  const images = derivations.split("\n").find((path) => path.endsWith("-lab-images.drv"));
  const { exitCode, stderr } = await builder.nix("build", "--rebuild", "--no-link", images ?? "");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
});

test("an image is the same where the store has equal files as one", async () => {
  await using other = await startLabBuilder();
  await buildTwins(other, "none");
  const { exitCode } = await other.nix("store", "optimise");
  expect(exitCode).toBe(0);
  const [twins = ""] = (await readdir(join(other.folder, "nix/store"))).filter((name) => name.endsWith("-twins"));
  expect((await stat(join(other.folder, "nix/store", twins, "one"))).nlink).toBeGreaterThan(2);
  expect(await hashFiles(await buildTwins(other, "unified"))).toEqual(
    await hashFiles(await buildTwins(builder, "unified")),
  );
});

test("an image of more store paths than it may have layers has 100, the smallest paths in the last, and runs", async () => {
  const lab = await builder.build({
    expression: `repx.runs2Lab { containerMode = "unified"; runs = [ (run "many" {
      parameters.x = builtins.genList (n: builtins.toFile "data-\${toString (100 + n)}" "\${toString (100 + n)}\n") 150;
      pipelines = [ (chain { }) ];
    }) ]; }`,
  });
  const image = await readImage(lab, "many");
  const held = await listStorePaths(lab, image);
  expect(image.Layers).toHaveLength(100);
  expect(new Set(image.Layers).size).toBe(100);
  expect(held.filter((paths) => paths.length > 1)).toHaveLength(1);
  expect(held.flat().toSorted()).toEqual(
    (await readFile(join(lab, "closure/store-paths"), "utf8")).trimEnd().split("\n"),
  );
  const rest = held.find((paths) => paths.length > 1) ?? [];
  expect(rest.every((path) => path.includes("-data-"))).toBe(true);
  const name = await podman.load(join(lab, image.path));
  const { stdout } = await podman.run(name, ["bash", "-c", "cat /nix/store/*-data-* | sort"]);
  expect(stdout).toBe(Array.from({ length: 150 }, (_, n) => `${n + 100}\n`).join(""));
});

/** A Lab whose parameter is a folder of two equal files. */
async function buildTwins({ build, folder }: LabBuilder, mode: string): Promise<string> {
  await mkdir(join(folder, "twins"), { recursive: true });
  for (const name of ["one", "two"]) await writeFile(join(folder, "twins", name), "equal and not empty");
  return build({
    expression: `repx.runs2Lab { containerMode = "${mode}"; runs = [ (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ ${folder}/twins ]; }) ]; }`,
  });
}
