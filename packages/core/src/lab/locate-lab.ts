import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RepxError } from "../model/errors.ts";
import { buildLab, type BuildRequest, type BuiltLab } from "./nix/build-lab.ts";
import { chooseManifest } from "./metadata/open-lab.ts";

/** A Lab on this machine; without a Nix version when it was there ready-made. */
export type LocatedLab = Omit<BuiltLab, "nixVersion"> & Partial<Pick<BuiltLab, "nixVersion">>;

/** Tells whether a folder is a Lab, by its manifest. */
export async function isLabFolder(path: string): Promise<boolean> {
  return chooseManifest(await readdir(join(path, "lab")).catch(() => [])) !== undefined;
}

/** Takes a Lab folder as it is, and builds anything else as a flake reference; a folder's name stands for its flake. */
export async function locateLab(request: BuildRequest): Promise<LocatedLab> {
  const [path = "", ...attribute] = request.reference.split("#");
  const folder = resolve(request.cwd, path);
  if (attribute.length === 0 && path !== "" && (await isLabFolder(folder))) return locateReady(folder);
  const isFlake = path !== "" && (await exists(join(folder, "flake.nix")));
  if (!isFlake && path !== "" && !path.includes(":") && (await exists(folder)))
    throw refuseFolder(request.reference, folder);
  // Without this, Nix would look `examples/study` up in its registry.
  const reference = isFlake ? [folder, ...attribute].join("#") : request.reference;
  return buildLab({ ...request, reference });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function refuseFolder(reference: string, folder: string): RepxError {
  return new RepxError(
    "LAB_INVALID",
    `${reference} is neither a Lab nor a flake: ${folder} has no lab/lab-metadata.json and no flake.nix`,
    {
      hint: "Name the folder with the flake.nix, a flake reference such as `.#lab`, or the folder that `nix build` left.",
    },
  );
}

/** A Lab inside a chroot store has its software beside it. */
async function locateReady(folder: string): Promise<LocatedLab> {
  const place = await realpath(folder);
  const at = place.indexOf("/nix/store/");
  return { folder: place, storeRoot: at > 0 ? place.slice(0, at) : "/" };
}
