import { rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { RepxError } from "../../model/errors.ts";
import { runCommand } from "../../target/command/command.ts";
import { describeNixFailure } from "./describe-nix-failure.ts";
import { startNixLog, type BuildProgress } from "./nix-log.ts";
import { readNixVersion, readStoreRoot, type NixPlace } from "./nix-store.ts";

/** What to build, and how Nix is started. */
export interface BuildRequest extends NixPlace {
  /** A flake reference, `.#lab`. */
  readonly reference: string;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** 3600 when not given. */
  readonly deadlineSeconds?: number;
  /** Where a link to the Lab is left, which also keeps it from being collected; none when not given. */
  readonly outLink?: string;
  /** Whether the flake's lock file is written where an input is not locked yet, as `nix build` does. */
  readonly writesLockFile?: boolean;
}

/** A Lab that Nix left. */
export interface BuiltLab {
  /** Where the Lab's bytes lie. */
  readonly folder: string;
  /** What `/nix/store` lies under: "/" but for a chroot store. */
  readonly storeRoot: string;
  readonly nixVersion: string;
}

const Answer = z.array(z.object({ outputs: z.record(z.string(), z.string()) }));
const FLAGS = ["--json", "--log-format", "internal-json"];
const DEADLINE_SECONDS = 3600;

/** Builds a Lab with `nix build`; leaves no link and does not touch the flake's lock file, unless it is asked to. */
export async function buildLab(request: BuildRequest): Promise<BuiltLab> {
  const { reference, environment, cwd } = request;
  if (reference === "" || reference.startsWith("-")) {
    throw new RepxError("INPUT_INVALID", `${JSON.stringify(reference)} is not a flake reference`, {
      hint: "Name a folder with a flake.nix, or a flake reference such as `.#lab`.",
    });
  }
  const nixVersion = await readNixVersion({ environment, cwd });
  const storeRoot = await readStoreRoot(nixVersion, { environment, cwd });
  const log = startNixLog(request.onProgress ?? (() => {}));
  const deadlineSeconds = request.deadlineSeconds ?? DEADLINE_SECONDS;
  const output = await runCommand({
    argv: [
      "nix",
      "--extra-experimental-features",
      "nix-command flakes",
      "build",
      reference,
      ...listFlags(request, storeRoot),
    ],
    environment,
    cwd,
    deadlineSeconds,
    onStderrLine: (line) => log.add(line),
  });
  if (output.isTimedOut) {
    throw new RepxError("NIX_BUILD_FAILED", `nix build ${reference} did not end within ${deadlineSeconds} seconds`, {
      hint: "Build it by hand first, so that its parts are in the store, or allow more time.",
      details: { builderLines: log.builderLines },
    });
  }
  if (output.exitCode !== 0) throw describeNixFailure(reference, log, output.exitCode);
  const folder = join(storeRoot, readOutPath(reference, output.stdout));
  if (request.outLink !== undefined && storeRoot !== "/") await replaceLink(resolve(cwd, request.outLink), folder);
  return { folder, storeRoot, nixVersion };
}

/** Nix's own link names the store path, where nothing lies when the store is below another folder. */
function listFlags({ outLink, writesLockFile }: BuildRequest, storeRoot: string): string[] {
  const link = outLink === undefined || storeRoot !== "/" ? ["--no-link"] : ["--out-link", outLink];
  return [...FLAGS, ...link, ...(writesLockFile === true ? [] : ["--no-write-lock-file"])];
}

async function replaceLink(path: string, target: string): Promise<void> {
  await rm(path, { force: true });
  await symlink(target, path);
}

function readOutPath(reference: string, stdout: string): string {
  const [built, ...others] = Answer.parse(JSON.parse(stdout));
  const path = built?.outputs["out"];
  if (path !== undefined && others.length === 0) return path;
  throw new RepxError("NIX_BUILD_FAILED", `nix build ${reference} left no single output`, {
    hint: "Name one package of the flake, the Lab.",
    details: { stdout },
  });
}
