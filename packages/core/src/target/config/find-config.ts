// Which config.toml files count, and in which order: the user's, then the project's.
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { RepxError } from "../../model/errors.ts";
import { parseConfigLayer, type ConfigLayer } from "./config-layer.ts";
import { resolveConfig, type Config } from "./config.ts";
import { readUserNumber } from "./local-user.ts";
import { showWord } from "../command/quote.ts";
import { readIfThere } from "./read-if-there.ts";

const USER_FILE = "repx/config.toml";
const PROJECT_FILE = ".repx/config.toml";

/** Where a program was started. */
export interface Surroundings {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A file with its text. */
interface ConfigText {
  readonly source: string;
  readonly text: string;
}

/** Reads the user's config file and the project's, which wins; `project` stands in place of the one that would be found. */
export async function readConfig(surroundings: Surroundings, project?: ConfigText): Promise<Config> {
  const layers = [await readUserLayer(surroundings), project ?? (await readProjectLayer(surroundings))];
  const found = layers.flatMap((layer): ConfigLayer[] =>
    layer === undefined ? [] : [parseConfigLayer(layer.text, layer.source)],
  );
  if (found.length > 0) return resolveConfig(found);
  const [first = USER_FILE] = listUserFiles(surroundings);
  throw new RepxError(
    "CONFIG_MISSING",
    `there is neither ${PROJECT_FILE} in ${surroundings.cwd} or the repository around it, nor ${first}`,
    { hint: `Write ${PROJECT_FILE} at the repository's top; docs/target.md has all keys.` },
  );
}

async function readUserLayer(surroundings: Surroundings): Promise<ConfigText | undefined> {
  for (const path of listUserFiles(surroundings)) {
    const text = await readIfThere(path);
    if (text !== undefined) return { source: path, text };
  }
  return undefined;
}

/** XDG base directories: a relative one is to be ignored. */
function listUserFiles({ environment }: Surroundings): string[] {
  const home = environment["XDG_CONFIG_HOME"] ?? "";
  const folders = [
    isAbsolute(home) ? home : join(readHome(environment), ".config"),
    ...(environment["XDG_CONFIG_DIRS"] || "/etc/xdg").split(":").filter((folder) => isAbsolute(folder)),
  ];
  return folders.map((folder) => join(folder, USER_FILE));
}

/** Walks up to the repository's top, which is the first folder with .git or .repx. */
async function readProjectLayer({ cwd, environment }: Surroundings): Promise<ConfigText | undefined> {
  const [start, home] = [resolve(cwd), resolve(readHome(environment))];
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, PROJECT_FILE);
    const text = await (folder === start ? readIfThere(path) : readIfOurs(path));
    if (text !== undefined) return { source: path, text };
    if (folder === home || folder === dirname(folder)) return undefined;
    if ((await isThere(join(folder, ".git"))) || (await isThere(join(folder, ".repx")))) return undefined;
  }
}

function readHome(environment: Readonly<Record<string, string>>): string {
  return environment["HOME"] || homedir();
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** In a folder that others may write to, such as /tmp, anybody could lay one in our way (as CVE-2022-24765). */
async function readIfOurs(path: string): Promise<string | undefined> {
  return readIfThere(path, ({ uid }) => {
    if (uid === 0 || uid === readUserNumber()) return;
    throw new RepxError("CONFIG_INVALID", `${path} belongs to another user (${uid})`, {
      hint: `If you trust it, start from its folder: \`cd ${showWord(dirname(dirname(path)))}\`.`,
    });
  });
}
