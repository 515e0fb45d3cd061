import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { runCommand, SYSTEM_PATH, tryCommand } from "./command.ts";

/** The Debian releases whose Nix the library is held to: 2.8, 2.26 and what is newest. */
export const NIX_SUITES = ["bookworm", "trixie", "sid"] as const;

export type NixSuite = (typeof NIX_SUITES)[number];

/** One Nix on this machine. */
export interface InstalledNix {
  readonly suite: NixSuite;
  readonly version: string;
  /** The PATH with which this Nix is the one that is found. */
  readonly path: string;
}

const FETCH_SECONDS = 300;
const FALLBACK_MIRROR = "http://deb.debian.org/debian";

/** Where a fetched Nix is kept, and where it comes from when not from the machine's own mirror. */
export interface NixSource {
  readonly cache?: string;
  readonly mirror?: string;
}

/** Finds a suite's Nix: the machine's own, or Debian's packages of that suite, fetched once into the user's cache. */
export async function installNix(suite: NixSuite, source: NixSource = {}): Promise<InstalledNix> {
  const isOwn = /^VERSION_CODENAME=(?<name>.*)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] === suite;
  const path = isOwn ? SYSTEM_PATH : `${await fetchNix(suite, source)}:${SYSTEM_PATH}`;
  const { stdout } = await runCommand(["nix", "--version"], { environment: { PATH: path } });
  return { suite, path, version: /[0-9]+\.[0-9.]+/.exec(stdout)?.[0] ?? stdout };
}

/** Finds the mirror of Debian that this machine's apt uses: apt itself reads both forms of its sources. */
export async function readDebianMirror(aptOptions: readonly string[] = []): Promise<string> {
  const { stdout } = await runCommand(["apt-get", "--print-uris", ...aptOptions, "update"]);
  return /^'(?<mirror>[a-z]+:[^']*\/debian)\/dists\//m.exec(stdout)?.groups?.["mirror"] ?? FALLBACK_MIRROR;
}

/** Returns the folder of its programs; of test files that want it at the same time one fetches, the others wait. */
async function fetchNix(suite: NixSuite, source: NixSource): Promise<string> {
  const cache = source.cache ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "repx-test");
  const folder = join(cache, `nix-${suite}`);
  const programs = join(folder, "bin");
  if (existsSync(programs)) return programs;
  await mkdir(cache, { recursive: true });
  const mirror = source.mirror ?? (await readDebianMirror());
  const fetch = ["bash", join(import.meta.dirname, "fetch-nix.sh"), suite, mirror, folder];
  const { exitCode, stderr } = await tryCommand(["flock", `${folder}.lock`, ...fetch], {
    timeoutSeconds: FETCH_SECONDS,
  });
  if (exitCode === 0) return programs;
  throw new Error(
    `cannot fetch Nix of Debian ${suite} from ${mirror} (exit code ${exitCode}); ` +
      `the machine must reach that mirror and have: apt-get install mmdebstrap patchelf\n${stderr}`,
  );
}
