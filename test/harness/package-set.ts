import { chmod, copyFile, cp, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./command.ts";

const template = join(dirname(fileURLToPath(import.meta.url)), "package-set", "flake.nix");

const STATIC_PROGRAMS = [
  { path: "/bin/busybox", debianPackage: "busybox-static" },
  { path: "/bin/bash-static", debianPackage: "bash-static" },
];

const DYNAMIC_PROGRAMS = [
  { path: "/bin/tar", debianPackage: "tar" },
  { path: "/usr/bin/shellcheck", debianPackage: "shellcheck" },
];

/** Writes a flake with nixpkgs' attribute names, made of this machine's programs; use it as `path:<folder>`. */
export async function writePackageSet(folder: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  await copyFile(template, join(folder, "flake.nix"));
  for (const program of STATIC_PROGRAMS) await copyProgram(program, join(folder, "bin"));
  for (const program of DYNAMIC_PROGRAMS) {
    const own = join(folder, "dynamic", basename(program.path));
    await mkdir(own, { recursive: true });
    await copyProgram(program, own);
    for (const library of await listLibraries(program.path)) await copyFile(library, join(own, basename(library)));
  }
}

async function copyProgram(program: { path: string; debianPackage: string }, folder: string): Promise<void> {
  const copy = join(folder, basename(program.path));
  await copyFile(program.path, copy).catch((cause: unknown) => {
    throw new Error(`cannot copy ${program.path}; install it with: apt-get install ${program.debianPackage}`, {
      cause,
    });
  });
  await chmod(copy, 0o755);
}

/** Paths of the shared libraries that a program is started with, and of the loader. */
async function listLibraries(program: string): Promise<string[]> {
  const { stdout } = await runCommand(["ldd", program]);
  return stdout.split("\n").flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Writes the library's flake alone, so that a `path:` input does not take all of the checkout into the store. */
export async function writeLibraryFlake(folder: string, repositoryRoot: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(repositoryRoot, "flake.nix"), join(folder, "flake.nix"));
  await cp(join(repositoryRoot, "packages/nix"), join(folder, "packages/nix"), { recursive: true });
}
