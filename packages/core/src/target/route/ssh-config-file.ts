// Reads ssh_config and what it includes; all that is understood of it is in ssh-config.ts.
import { readdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { RepxError } from "../../model/errors.ts";
import { readUserNumber } from "../config/local-user.ts";
import { matchGlob } from "../config/match-glob.ts";
import { showWord } from "../command/quote.ts";
import { readIfThere } from "../config/read-if-there.ts";
import { parseSshConfig, type SshConfigFile, type SshLine } from "./ssh-config.ts";

/** READCONF_MAX_DEPTH of OpenSSH. */
const MAX_DEPTH = 16;
const SYSTEM_FILE = "/etc/ssh/ssh_config";

interface Place {
  /** What relative paths of Include start from. */
  readonly folder: string;
  readonly home: string;
  /** Whether only the user and root may be able to write the files. */
  readonly isUsers: boolean;
}

/** Reads the user's ssh_config and the machine's; one that is not there is empty. */
export async function readSshConfig(home: string, systemFile = SYSTEM_FILE): Promise<SshConfigFile[]> {
  const folder = join(home, ".ssh");
  return [
    await readFileWithIncludes(join(folder, "config"), { folder, home, isUsers: true }, []),
    await readFileWithIncludes(systemFile, { folder: dirname(systemFile), home, isUsers: false }, []),
  ];
}

async function readFileWithIncludes(path: string, place: Place, trail: readonly string[]): Promise<SshConfigFile> {
  const isCircle = trail.includes(path);
  if (isCircle || trail.length >= MAX_DEPTH) {
    const what = isCircle ? "includes itself" : `is included more than ${MAX_DEPTH} files deep`;
    throw new RepxError("CONFIG_INVALID", `${path} ${what}: ${[...trail, path].join(" → ")}`, {
      hint: "Remove one of these Include lines.",
    });
  }
  const file = parseSshConfig(await readText(path, place.isUsers), path);
  const lines = await Promise.all(
    file.lines.map(async (line): Promise<SshLine> => {
      if (line.keyword !== "include") return line;
      const paths = await Promise.all(line.words.map(async (word) => findIncluded(word, path, place)));
      const included = paths.flat().map(async (found) => readFileWithIncludes(found, place, [...trail, path]));
      return { ...line, included: await Promise.all(included) };
    }),
  );
  return { source: path, lines };
}

/** An empty text where there is no file, as for OpenSSH. */
async function readText(path: string, isUsers: boolean): Promise<string> {
  // `Include config.d/*` may find a folder.
  if (await isFolder(path)) return "";
  const text = await readIfThere(path, ({ uid, mode }) => {
    const isForeign = uid !== 0 && uid !== readUserNumber();
    if (!isUsers || (!isForeign && (mode & 0o022) === 0)) return;
    const word = showWord(path);
    throw new RepxError("CONFIG_INVALID", `${path} can be written by others, so OpenSSH and we refuse it`, {
      hint: isForeign ? `Make it yours: \`sudo chown "$USER" ${word}\`.` : `Run \`chmod go-w ${word}\`.`,
    });
  });
  return text ?? "";
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** Finds files by a path with `*` and `?`, sorted by name; names with a leading dot must be asked for, as in glob(3). */
async function findIncluded(word: string, source: string, { folder, home }: Place): Promise<string[]> {
  if (word.includes("[")) {
    throw new RepxError("CONFIG_INVALID", `${source}: Include ${word} has brackets`, {
      hint: "Write the files one by one, or with * and ?.",
    });
  }
  const expanded = word.startsWith("~/") ? join(home, word.slice(2)) : word;
  let found = ["/"];
  for (const part of (isAbsolute(expanded) ? expanded : join(folder, expanded)).split("/").filter(Boolean)) {
    if (!/[*?]/.test(part)) found = found.map((parent) => join(parent, part));
    else found = (await Promise.all(found.map(async (parent) => listMatches(parent, part)))).flat();
  }
  return found;
}

async function listMatches(folder: string, pattern: string): Promise<string[]> {
  // A folder that is not there, or not to be read, has no matches: glob(3) says nothing either.
  const names = await readdir(folder).catch(() => []);
  const matching = names.filter((name) => matchGlob(pattern, name) && (name[0] !== "." || pattern[0] === "."));
  return matching.toSorted().map((name) => join(folder, name));
}
