// Errors of Nix become annotations at the line of the repository's file: the runner reads what is printed here.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Host } from "./host.ts";

/** Lies beside the bundle, as it does beside this file. */
const MATCHER = fileURLToPath(new URL("./nix-matcher.json", import.meta.url));
const OWNER = "repx-nix";

const NixDetails = z.object({ errors: z.array(z.string()).min(1) });

/** Prints what Nix said of an evaluation that failed, for the runner's problem matcher; nothing for other errors. */
export function showNixErrors(host: Pick<Host, "printLine" | "environment">, error: unknown, lab: string): void {
  if (!(error instanceof RepxError) || error.code !== "NIX_BUILD_FAILED") return;
  const details = NixDetails.safeParse(error.details).data;
  if (details === undefined) return;
  const workspace = host.environment["GITHUB_WORKSPACE"] ?? process.cwd();
  // What Nix says may come from the pull request: no line of it is a command to the runner.
  const word = randomUUID();
  host.printLine(`::add-matcher::${MATCHER}`);
  host.printLine(`::stop-commands::${word}`);
  for (const line of details.errors) host.printLine(nameOwnFile(line, { workspace, lab }));
  host.printLine(`::${word}::`);
  host.printLine(`::remove-matcher owner=${OWNER}::`);
}

/** A file of the flake's copy in the store, wherever that is; rest of the path, and the place in it. */
const STORE_FILE = /^(\s*at )\S*\/nix\/store\/[0-9a-z]{32}-[^/\s]+\/(\S+?)(:\d+:\d+:?)$/;
const PLAIN_FILE = /^(\s*at )(\/\S+?)(:\d+:\d+:?)$/;

/** Names a file of the workspace by its path there, where a line says a place of it; other lines stay as they are. */
export function nameOwnFile(
  line: string,
  { workspace, lab }: { readonly workspace: string; readonly lab: string },
): string {
  const [, before, path, place] = STORE_FILE.exec(line) ?? PLAIN_FILE.exec(line) ?? [];
  if (before === undefined || path === undefined || place === undefined) return line;
  const flake = resolve(workspace, (lab.split("#")[0] ?? "").replace(/^path:/, "") || ".");
  const found = (isAbsolute(path) ? [path] : [join(flake, path), join(workspace, path)]).find((one) => existsSync(one));
  const own = found === undefined ? ".." : relative(workspace, found);
  return own.startsWith("..") ? line : `${before}${own}${place}`;
}
