// A Lab that can be sent as it is: its software lies beside it, as in a chroot store.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRepxLab, writeRepxLab, type RepxLabFiles } from "../../packages/core/src/lab/repx-lab.fixture.ts";

export const IMAGE = "images/0x1y2z-repx-shared-image.tar";
export const DATA = "00000000000000000000000000000000-data";
export const LINK = "11111111111111111111111111111111-tool";
const OLD_LAYER = "7c7fbb3f8f2b2a0d";
const LAYER = "layer\n";
export const LAYER_HASH = createHash("sha256").update(LAYER).digest("hex");

/** RepX's own Lab with software, and a layer that is what its name says. */
export function makeStoredLab(): RepxLabFiles {
  const files = makeRepxLab();
  for (const [path, file] of makeRepxLab()) if (path.includes(OLD_LAYER) && file !== undefined) files.delete(path);
  files.set(`store/${LAYER_HASH}-layer.tar`, LAYER);
  files.set(`${IMAGE}/manifest.json`, { json: [{ Config: "c0.json", Layers: [`${LAYER_HASH}/layer.tar`] }] });
  files.set(`${IMAGE}/${LAYER_HASH}/layer.tar`, { link: `../../../store/${LAYER_HASH}-layer.tar` });
  files.set("closure/store-paths", `/nix/store/${DATA}\n/nix/store/${LINK}\n`);
  return files;
}

/** Writes the Lab and its store into a folder; answers the Lab's. */
export async function writeStoredLab(parent: string): Promise<string> {
  const store = join(parent, "chroot/nix/store");
  const lab = join(store, "22222222222222222222222222222222-hpc-experiment-lab");
  await mkdir(join(store, DATA, "share"), { recursive: true });
  await writeFile(join(store, DATA, "share/numbers"), "1 2 3\n".repeat(5000));
  await mkdir(join(store, LINK), { recursive: true });
  await writeFile(join(store, LINK, "tool"), "#!/bin/sh\necho tool\n", { mode: 0o755 });
  await writeRepxLab(lab, makeStoredLab());
  return lab;
}
