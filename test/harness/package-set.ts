import { chmod, copyFile, cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const template = join(dirname(fileURLToPath(import.meta.url)), "package-set", "flake.nix");

const programs = [
  { path: "/bin/busybox", debianPackage: "busybox-static" },
  { path: "/bin/bash-static", debianPackage: "bash-static" },
];

/** Writes a flake with nixpkgs' attribute names, made of this machine's static programs; use it as `path:<folder>`. */
export async function writePackageSet(folder: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  await copyFile(template, join(folder, "flake.nix"));
  for (const { path, debianPackage } of programs) {
    const copy = join(folder, "bin", path.slice("/bin/".length));
    await copyFile(path, copy).catch((cause: unknown) => {
      throw new Error(`cannot copy ${path}; install it with: apt-get install ${debianPackage}`, { cause });
    });
    await chmod(copy, 0o755);
  }
}

/** Writes the library's flake alone, so that a `path:` input does not take all of the checkout into the store. */
export async function writeLibraryFlake(folder: string, repositoryRoot: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(repositoryRoot, "flake.nix"), join(folder, "flake.nix"));
  await cp(join(repositoryRoot, "packages/nix"), join(folder, "packages/nix"), { recursive: true });
}
