import { join } from "node:path";
import * as z from "zod";
import { RepxError } from "../model/errors.ts";
import { runCommand } from "../target/command.ts";
import { describeNixFailure } from "./nix-failure.ts";
import { startNixLog, type BuildProgress } from "./nix-log.ts";
import { readNixVersion, readStoreRoot, type NixPlace } from "./nix-store.ts";

/** What to build, and how Nix is started. */
export interface BuildRequest extends NixPlace {
  /** A flake reference, `.#lab`. */
  readonly reference: string;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** 3600 when not given. */
  readonly deadlineSeconds?: number;
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
const FLAGS = ["--no-link", "--json", "--no-write-lock-file", "--log-format", "internal-json"];
const DEADLINE_SECONDS = 3600;

/** Builds a Lab with `nix build`, without touching the flake's lock file and without a result link. */
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
    argv: ["nix", "--extra-experimental-features", "nix-command flakes", "build", reference, ...FLAGS],
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
  return { folder: join(storeRoot, readOutPath(reference, output.stdout)), storeRoot, nixVersion };
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
