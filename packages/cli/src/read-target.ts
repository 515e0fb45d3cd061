import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { RepxError } from "@repx/core/model";
import type { CommandCall } from "./command.ts";

const PROJECT_CONFIG = ".repx/config.toml";

/** Reads `--target`: a path as it is, or the base path of a target in the config file; undefined when it is not given. */
export async function readTarget(call: Pick<CommandCall, "text" | "cwd" | "environment">): Promise<string | undefined> {
  const given = call.text("target");
  if (given === undefined) return undefined;
  if (given.includes("/") || given === "." || given === "..") return resolve(call.cwd, given);
  const { path, text } = await readConfig(call, given);
  // Only here: the door brings the way by SSH along, which takes longer to load than most commands run.
  const { chooseTarget, parseConfig } = await import("@repx/core");
  const target = chooseTarget(parseConfig(text, path), given);
  if (target.address === undefined) return target.basePath;
  const { user, host } = target.address;
  throw new RepxError("INPUT_INVALID", `target ${given} is on another machine, ${user}@${host}`, {
    hint:
      `Run this on ${host} with --target ${target.basePath}, or mount that folder here ` +
      `(\`sshfs ${user}@${host}:${target.basePath} cluster\`) and give --target ./cluster.`,
  });
}

async function readConfig(
  { cwd, environment }: Pick<CommandCall, "cwd" | "environment">,
  name: string,
): Promise<{ path: string; text: string }> {
  const home = environment["XDG_CONFIG_HOME"] || join(environment["HOME"] ?? homedir(), ".config");
  const paths = [resolve(cwd, PROJECT_CONFIG), join(home, "repx/config.toml")];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text !== undefined) return { path, text };
  }
  throw new RepxError(
    "CONFIG_MISSING",
    `--target ${name} is the name of a target, and there is neither ${paths.join(" nor ")}`,
    {
      hint: `Write the config file, or give a base path on this machine: --target ./${name}.`,
    },
  );
}

/** Refuses to go on without `--target`, where what was asked for lies on one. */
export function requireTarget(target: string | undefined, what: string): string {
  if (target !== undefined) return target;
  throw new RepxError("INPUT_MISSING", `${what} needs a target, the place where the jobs ran`, {
    hint: "Name its base path with --target PATH, or a target of .repx/config.toml with --target NAME.",
  });
}
