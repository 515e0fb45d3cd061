import * as z from "zod";
import { RepxError } from "../../model/errors.ts";
import { runCommand, type CommandOutput } from "../../target/command/command.ts";

/** How Nix is started here: its environment and folder. */
export interface NixPlace {
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const Setting = z.object({ store: z.object({ value: z.string() }) });

/** Reads `nix --version`; NIX_MISSING when there is no Nix. */
export async function readNixVersion(place: NixPlace): Promise<string> {
  const output = await runNix(["--version"], place);
  const version = /(?<version>[0-9]+\.[0-9]+[0-9A-Za-z.]*)/.exec(output.stdout)?.groups?.["version"];
  if (output.exitCode === 0 && version !== undefined) return version;
  const said = output.stderr.trim().split("\n").at(-1);
  throw new RepxError("NIX_MISSING", `nix cannot be started${said === undefined || said === "" ? "" : `: ${said}`}`, {
    hint: "Install Nix (https://nixos.org/download or `apt-get install nix-bin`), or give a Lab that is already built.",
    details: output,
  });
}

/** Finds the folder under which the store's bytes lie: "/" but for a chroot store (`store = /dir`). */
export async function readStoreRoot(version: string, place: NixPlace): Promise<string> {
  const command = isAtLeast(version, 2, 20) ? ["config", "show"] : ["show-config"];
  const output = await runNix(["--extra-experimental-features", "nix-command", ...command, "--json"], place);
  return output.exitCode === 0 ? parseStoreRoot(Setting.parse(JSON.parse(output.stdout)).store.value) : "/";
}

/** Reads the root out of a store setting: `/dir`, `local?root=/dir`; any other has its bytes where their names say. */
export function parseStoreRoot(store: string): string {
  const [place = "", query = ""] = store.split("?");
  if (place.startsWith("/")) return trimSlash(place);
  if (!place.startsWith("local")) return "/";
  // Nix 2.34 prints `/dir` as local:///dir, and `local?root=/dir` as local://?root=/dir.
  const path = /^local:\/\/(?<path>\/.+)$/.exec(place)?.groups?.["path"];
  return trimSlash(new URLSearchParams(query).get("root") ?? decodeURIComponent(path ?? "/"));
}

async function runNix(args: readonly string[], place: NixPlace): Promise<CommandOutput> {
  return runCommand({ argv: ["nix", ...args], environment: place.environment, cwd: place.cwd });
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, "") || "/";
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split(".").map(Number);
  return first > major || (first === major && second >= minor);
}
