import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "./command.ts";
import { startScratchFolder } from "./scratch-folder.ts";

/** A small image as a sync leaves it on a target: busybox for all its software, in two layers. */
export interface BoxImage {
  /** Of its folder in `artifacts/images`. */
  readonly name: string;
  /** Of its layers, the lowest first. */
  readonly digests: readonly string[];
  /** By which podman and docker know it. */
  readonly id: string;
}

/** Files of a layer by path: their text, or what a link leads to. */
export type LayerFiles = Readonly<Record<string, string | { readonly link: string }>>;

/** What the upper layer takes away from the lower one, and puts in its place. */
const UPPER: LayerFiles = {
  "etc/.wh.removed": "",
  "opaque/.wh..wh..opq": "",
  "opaque/above": "above\n",
  replaced: "a file\n",
};

/** Writes the image below a target's base path; `more` are layers on top. */
export async function writeBoxImage(base: string, more: readonly LayerFiles[] = []): Promise<BoxImage> {
  await using scratch = await startScratchFolder();
  const lower = join(scratch.path, "lower");
  await writeLower(lower);
  const tars = [await packLayer(lower)];
  for (const [number, files] of [UPPER, ...more].entries()) {
    const folder = join(scratch.path, `upper-${number}`);
    await writeLayerFiles(folder, files);
    // A layer need not bring the folders above its files.
    tars.push(await packLayer(folder, Object.keys(files)));
  }
  const digests: string[] = [];
  for (const tar of tars) digests.push(await placeLayer(base, tar));
  return writeManifest(base, digests);
}

async function writeLower(folder: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  await copyFile("/bin/busybox", join(folder, "bin/busybox"));
  await chmod(join(folder, "bin/busybox"), 0o755);
  const { stdout } = await runCommand(["/bin/busybox", "--list"]);
  const names = stdout
    .trim()
    .split("\n")
    .filter((name) => name !== "busybox");
  await Promise.all(names.map(async (name) => symlink("busybox", join(folder, "bin", name))));
  await writeLayerFiles(folder, {
    "etc/passwd": "root:x:0:0::/:/bin/sh\n",
    "etc/removed": "of the lower layer\n",
    "opaque/below": "of the lower layer\n",
    "replaced/deep/file": "of the lower layer\n",
    "usr/bin/env": { link: "../../bin/env" },
  });
  // As Nix leaves its store.
  await mkdir(join(folder, "nix/store"), { recursive: true });
  await chmod(join(folder, "nix/store"), 0o555);
  await mkdir(join(folder, "tmp"));
}

async function writeLayerFiles(folder: string, files: LayerFiles): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    if (typeof content === "string") await writeFile(join(folder, path), content);
    else await symlink(content.link, join(folder, path));
  }
}

async function packLayer(folder: string, names: readonly string[] = ["."]): Promise<string> {
  const tar = `${folder}.tar`;
  const owner = ["--owner", "0", "--group", "0", "--numeric-owner", "--sort", "name", "--mtime", "@1"];
  await runCommand(["tar", "--create", "--file", tar, ...owner, "--directory", folder, ...names]);
  return tar;
}

async function placeLayer(base: string, tar: string): Promise<string> {
  const digest = createHash("sha256")
    .update(await readFile(tar))
    .digest("hex");
  const layers = join(base, "artifacts/images/layers");
  await mkdir(layers, { recursive: true });
  await copyFile(tar, join(layers, `${digest}.tar`));
  return digest;
}

async function writeManifest(base: string, digests: readonly string[]): Promise<BoxImage> {
  const config = JSON.stringify({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Env: ["PATH=/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
  });
  const id = createHash("sha256").update(config).digest("hex");
  const name = `${id.slice(0, 32)}-box-image.tar`;
  const staged = join(base, "artifacts/images", `.${name}`);
  for (const digest of digests) {
    await mkdir(join(staged, digest), { recursive: true });
    await symlink(`../../layers/${digest}.tar`, join(staged, digest, "layer.tar"));
  }
  await writeFile(join(staged, `${id}.json`), config);
  const layers = digests.map((digest) => `${digest}/layer.tar`);
  await writeFile(
    join(staged, "manifest.json"),
    JSON.stringify([{ Config: `${id}.json`, Layers: layers, RepoTags: [`box-image-${id.slice(0, 8)}:latest`] }]),
  );
  await rename(staged, join(base, "artifacts/images", name));
  return { name, digests, id };
}
