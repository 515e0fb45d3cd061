// A Lab's images on their way to a target: layers by digest, each once for all images of all Labs; of an image itself only
// its descriptions and links to the layers travel, laid out as RepX reads them.
import { copyFile, mkdir, readdir, readFile, stat, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import * as z from "zod";
import { RepxError } from "../model/errors.ts";
import { findInside } from "./host-tools.ts";
import type { PushItem } from "./push/push-item.ts";

/** A layer of an image. */
export interface ImageLayer {
  /** Names it on a target: what its folder in the image is called. */
  readonly digest: string;
  /** The tar with its content, absolute. */
  readonly file: string;
}

/** An image of a Lab. */
export interface LabImage {
  /** Of its folder, `<hash>-repx-shared-image.tar`. */
  readonly name: string;
  /** Its own files, absolute, by name: `manifest.json`, the configuration. */
  readonly files: ReadonlyMap<string, string>;
  /** From the lowest, each once. */
  readonly layers: readonly ImageLayer[];
}

const IMAGES = "artifacts/images";
const LAYERS = `${IMAGES}/layers`;
const LAYER = /^(?<digest>[0-9A-Za-z]{8,128})\/layer\.tar$/;
const NAME = /^[0-9A-Za-z_+?=][0-9A-Za-z._+?=-]*$/;
const MOST_MANIFEST_BYTES = 16 * 1024 * 1024;

/** `docker save`'s. */
const Manifest = z.tuple([z.object({ Layers: z.array(z.string()).max(10_000) })]).rest(z.unknown());

/** Reads images of a Lab's folder, by their paths in it; LAB_INVALID names what is not as it must be. */
export async function readImages(lab: string, paths: Iterable<string>): Promise<LabImage[]> {
  const images: LabImage[] = [];
  for (const path of new Set(paths)) images.push(await readImage(lab, path));
  return images;
}

async function readImage(lab: string, path: string): Promise<LabImage> {
  const folder = join(lab, path);
  const name = basename(path);
  if (!NAME.test(name) || name === basename(LAYERS)) throw refuse(path, "it is no name that a target could have");
  const files = new Map<string, string>();
  const names: readonly string[] = await readdir(folder).catch(() => []);
  for (const entry of names.toSorted()) {
    if (entry.endsWith(".json")) files.set(entry, await findInside(lab, join(folder, entry)));
  }
  const manifest = files.get("manifest.json");
  if (manifest === undefined) throw refuse(path, "manifest.json is missing");
  if ((await stat(manifest)).size > MOST_MANIFEST_BYTES) throw refuse(path, "manifest.json is too large");
  const layers = new Map<string, ImageLayer>();
  for (const layer of parseLayers(path, await readFile(manifest, "utf8"))) {
    const digest = LAYER.exec(layer)?.groups?.["digest"];
    if (digest === undefined) throw refuse(path, `manifest.json has the layer ${JSON.stringify(layer.slice(0, 200))}`);
    layers.set(digest, { digest, file: await findInside(lab, join(folder, layer)) });
  }
  return { name, files, layers: [...layers.values()] };
}

function parseLayers(path: string, text: string): readonly string[] {
  try {
    return Manifest.parse(JSON.parse(text))[0].Layers;
  } catch (cause) {
    throw refuse(path, "manifest.json is not one of `docker save`", cause);
  }
}

/** Names what a target has when it has these images, relative to its base path, each once. */
export function listImagePlaces(images: readonly LabImage[]): string[] {
  return [...new Set(images.flatMap(({ name, layers }) => [...layers.map(nameLayer), nameImage(name)]))];
}

/** Picks what of the images a target lacks, layers before the images that are made of them. */
export function planImages(
  images: readonly LabImage[],
  missing: ReadonlySet<string>,
  stagingFolder: string,
): PushItem[] {
  const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [nameLayer(layer), layer.file])));
  const folders = images.map(({ name }) => nameImage(name));
  return [
    ...[...layers].map(([destination, source]) => ({ source, destination })),
    ...folders.map((destination) => ({ source: join(stagingFolder, destination), destination })),
  ].filter(({ destination }) => missing.has(destination));
}

/** Writes an image's folder as a target has it, without its layers: RepX's own links have the wrong depth there. */
export async function stageImage(image: LabImage, stagingFolder: string): Promise<void> {
  const folder = join(stagingFolder, nameImage(image.name));
  await mkdir(folder, { recursive: true });
  for (const [name, file] of image.files) await copyFile(file, join(folder, name));
  for (const { digest } of image.layers) {
    await mkdir(join(folder, digest));
    await symlink(`../../${basename(LAYERS)}/${digest}.tar`, join(folder, digest, "layer.tar"));
  }
}

function nameLayer({ digest }: ImageLayer): string {
  return `${LAYERS}/${digest}.tar`;
}

function nameImage(name: string): string {
  return `${IMAGES}/${name}`;
}

function refuse(path: string, why: string, cause?: unknown): RepxError {
  return new RepxError("LAB_INVALID", `the image ${path} cannot be sent: ${why}`, {
    hint: "Build the Lab again; what an image must look like is in docs/lab.md.",
    cause,
  });
}
