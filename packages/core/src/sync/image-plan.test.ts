import { mkdir, mkdtemp, readFile, readlink, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listImagePlaces, planImages, readImages, stageImage } from "./image-plan.ts";

const BASE = "ab".repeat(32);
const TOP = "cd".repeat(32);
const ONE = "images/0x1y2z-one-image.tar";
const TWO = "images/3a4b5c-two-image.tar";
let scratch: string;
let lab: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-image-plan-"));
  lab = join(scratch, "lab");
  await writeImage(ONE, [BASE, TOP]);
  await writeImage(TWO, [BASE]);
});
afterEach(async () => rm(scratch, { recursive: true, force: true }));

async function writeImage(path: string, digests: readonly string[], layers = digests.map((one) => `${one}/layer.tar`)) {
  await mkdir(join(lab, "store"), { recursive: true });
  for (const digest of digests) {
    await mkdir(join(lab, path, digest), { recursive: true });
    await writeFile(join(lab, "store", `${digest}-layer.tar`), `layer ${digest}\n`);
    await symlink(`../../../store/${digest}-layer.tar`, join(lab, path, digest, "layer.tar"));
  }
  await mkdir(join(lab, path), { recursive: true });
  await writeFile(join(lab, path, "c0.json"), "{}");
  await writeFile(join(lab, path, "manifest.json"), JSON.stringify([{ Config: "c0.json", Layers: layers }]));
}

test("a layer of two images is one place on the target", async () => {
  const images = await readImages(lab, [ONE, TWO, ONE]);
  expect(listImagePlaces(images)).toEqual([
    `artifacts/images/layers/${BASE}.tar`,
    `artifacts/images/layers/${TOP}.tar`,
    "artifacts/images/0x1y2z-one-image.tar",
    "artifacts/images/3a4b5c-two-image.tar",
  ]);
});

test("only what is missing is sent, layers from the Lab's store and before the images", async () => {
  const images = await readImages(lab, [ONE, TWO]);
  const missing = new Set([`artifacts/images/layers/${TOP}.tar`, "artifacts/images/0x1y2z-one-image.tar"]);
  expect(planImages(images, missing, "/staging")).toEqual([
    {
      source: join(await realpath(lab), "store", `${TOP}-layer.tar`),
      destination: `artifacts/images/layers/${TOP}.tar`,
    },
    {
      source: "/staging/artifacts/images/0x1y2z-one-image.tar",
      destination: "artifacts/images/0x1y2z-one-image.tar",
    },
  ]);
  expect(planImages(images, new Set(), "/staging")).toEqual([]);
});

test("in the staged image every link leads to its layer once the layers are beside it", async () => {
  const [image] = await readImages(lab, [ONE]);
  if (image === undefined) throw new Error("no image");
  await stageImage(image, scratch);
  const layers = join(scratch, "artifacts/images/layers");
  await mkdir(layers, { recursive: true });
  for (const digest of [BASE, TOP]) await writeFile(join(layers, `${digest}.tar`), `sent ${digest}\n`);
  const folder = join(scratch, "artifacts", ONE);
  expect(await readlink(join(folder, TOP, "layer.tar"))).toBe(`../../layers/${TOP}.tar`);
  const manifest: { Layers: string[] }[] = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
  const contents = (manifest[0]?.Layers ?? []).map(async (layer) => readFile(join(folder, layer), "utf8"));
  expect(await Promise.all(contents)).toEqual([`sent ${BASE}\n`, `sent ${TOP}\n`]);
  expect(await readFile(join(folder, "c0.json"), "utf8")).toBe("{}");
});

test.each([
  ["names a layer outside", ["../../etc/layer.tar"]],
  ["names a layer by something else than a digest", ["a b/layer.tar"]],
  ["names a layer that is not there", ["ef".repeat(32) + "/layer.tar"]],
])("an image whose manifest %s is refused", async (_, layers) => {
  await writeImage("images/odd.tar", [], layers);
  await expect(readImages(lab, ["images/odd.tar"])).rejects.toMatchObject({ code: "LAB_INVALID" });
});

test("a layer that is a link out of the Lab is refused, and never sent", async () => {
  await writeFile(join(scratch, "secret"), "secret\n");
  await rm(join(lab, ONE, TOP, "layer.tar"));
  await symlink("../../../../secret", join(lab, ONE, TOP, "layer.tar"));
  await expect(readImages(lab, [ONE])).rejects.toMatchObject({
    code: "LAB_INVALID",
    message: expect.stringContaining("it leads out of the Lab"),
  });
});

test.each([
  ["no manifest", undefined],
  ["a manifest that is no JSON", "{"],
  ["a manifest of another kind", '{"schemaVersion":2}'],
])("an image with %s is refused", async (_, text) => {
  await mkdir(join(lab, "images/odd.tar"), { recursive: true });
  if (text !== undefined) await writeFile(join(lab, "images/odd.tar/manifest.json"), text);
  await expect(readImages(lab, ["images/odd.tar"])).rejects.toMatchObject({ code: "LAB_INVALID" });
});

test.each(["images/layers", "images/.hidden", "images/-rf"])("an image called %s is refused", async (path) => {
  await writeImage(path, [BASE]);
  await expect(readImages(lab, [path])).rejects.toMatchObject({ code: "LAB_INVALID" });
});
