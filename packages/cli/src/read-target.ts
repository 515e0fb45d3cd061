import { resolve } from "node:path";
import { RepxError } from "@repx/core/model";
import type { CommandCall } from "./command.ts";

/** Reads `--target`: a path as it is, or the base path of a target in the config files; undefined when it is not given. */
export async function readTarget(call: Pick<CommandCall, "text" | "cwd" | "environment">): Promise<string | undefined> {
  const given = call.text("target");
  if (given === undefined) return undefined;
  if (isPath(given)) return resolve(call.cwd, given);
  // Only here: the door brings the way by SSH along, which takes longer to load than most commands run.
  const { chooseTarget, readConfig, showWord } = await import("@repx/core/target");
  const config = await readConfig(call).catch((cause: unknown) => {
    if (!(cause instanceof RepxError) || cause.code !== "CONFIG_MISSING") throw cause;
    throw new RepxError("CONFIG_MISSING", `--target ${given} is the name of a target, and ${cause.message}`, {
      hint: `Write the config file, or give a base path on this machine: --target ${showWord(`./${given}`)}.`,
      cause,
    });
  });
  const target = chooseTarget(config, given);
  if (target.address === undefined) return target.basePath;
  const { user, host } = target.address;
  // A Host of ssh_config has a user there, which neither ssh nor sshfs needs to be told.
  const login = target.undecided?.includes("user") === true ? host : `${user}@${host}`;
  throw new RepxError("INPUT_INVALID", `target ${given} is on another machine, ${login}`, {
    hint:
      `Run this on ${host} with --target ${showWord(target.basePath)}, or mount that folder here ` +
      `(\`sshfs ${showWord(`${login}:${target.basePath}`)} cluster\`) and give --target ./cluster.`,
  });
}

/** Tells whether a target is named by its base path on this machine. */
export function isPath(word: string): boolean {
  return word.includes("/") || word === "." || word === "..";
}

/** Refuses to go on without `--target`, where what was asked for lies on one. */
export function requireTarget(target: string | undefined, what: string): string {
  if (target !== undefined) return target;
  throw new RepxError("INPUT_MISSING", `${what} needs a target, the place where the jobs ran`, {
    hint: "Name its base path with --target PATH, or a target of .repx/config.toml with --target NAME.",
  });
}
