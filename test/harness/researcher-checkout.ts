import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { writeLibraryFlake, writePackageSet } from "./package-set.ts";
import { REPOSITORY_ROOT } from "./repository-root.ts";

/** A researcher's checkout of a study: what actions/checkout leaves in the workspace. */
export interface ResearcherCheckout {
  readonly folder: string;
  /** Rewrites one file of the study, as a commit of the pull request would. */
  edit(path: string, change: (text: string) => string): Promise<void>;
}

/** What the study is pinned to: this library, and a package set made of the machine's static programs. */
export interface Pins {
  readonly library: string;
  readonly packages: string;
}

/** Writes the two flakes that stand in for what a real study takes from GitHub. */
export async function writePins(folder: string): Promise<Pins> {
  const pins = { library: join(folder, "library"), packages: join(folder, "packages") };
  await rm(folder, { recursive: true, force: true });
  await writeLibraryFlake(pins.library, REPOSITORY_ROOT);
  await mkdir(pins.packages, { recursive: true });
  await writePackageSet(pins.packages);
  return pins;
}

/** Copies an example to `folder` and locks its inputs to the pins, as `nix flake lock` does for a user. */
export async function writeResearcherCheckout(
  folder: string,
  example: string,
  pins: Pins,
  environment: Readonly<Record<string, string>>,
): Promise<ResearcherCheckout> {
  await rm(folder, { recursive: true, force: true });
  await cp(join(REPOSITORY_ROOT, "examples", example), folder, { recursive: true });
  const overrides = [
    ["--override-input", "repx", `path:${pins.library}`],
    ["--override-input", "nixpkgs", `path:${pins.packages}`],
  ].flat();
  await runCommand(["nix", "flake", "lock", `path:${folder}`, ...overrides], { environment, timeoutSeconds: 60 });
  return {
    folder,
    edit: async (path, change) => {
      const file = join(folder, path);
      await writeFile(file, change(await readFile(file, "utf8")));
    },
  };
}
