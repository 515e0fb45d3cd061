// Hashes files on the target whose hash nobody knows: large ones, which are hashed only when one that is to be sent may
// be the same. Most never are, and without the processor's help SHA-256 takes longer than sending.
import { joinPath } from "../tree/byte-path.ts";
import type { BytePath, FileEntry, TreeEntry } from "../tree/tree-entry.ts";
import { HASH_CHARACTERS, parseIndexName } from "../tree/tree-index.ts";
import { escapeWord } from "./escape-word.ts";
import { insist, persist } from "./persist.ts";
import { HEAD } from "./script-parts.ts";
import type { TargetCommands } from "./target-commands.ts";

/** Prints the SHA-256 of each file, an empty line for what cannot be read. Words: hash program. On stdin: their paths. */
export const HASH_FILES = String.raw`${HEAD}
cd "$base/artifacts" || exit 71
while read -r path; do
  file=$(printf '%b.' "$path")
  file=./${"$"}{file%.}
  case $1 in
  openssl) said=$(openssl dgst -sha256 -r 2>/dev/null <"$file") ;;
  *) said=$(sha256sum 2>/dev/null <"$file") ;;
  esac
  printf '%s\n' "${"$"}{said%% *}"
done
exit 0
`;

/** Trees that are to be sent, and the names of the indexes that each is compared with. */
export interface Comparison {
  readonly entries: readonly TreeEntry[];
  readonly names: readonly string[];
}

type Indexes = ReadonlyMap<string, readonly TreeEntry[]>;

/** Answers the indexes with the hashes that were missing of files of a size and a mode that are to be sent. */
export async function hashThere(
  commands: TargetCommands,
  comparisons: readonly Comparison[],
  indexes: Indexes,
): Promise<Indexes> {
  const wanted = findUnknown(comparisons, indexes);
  if (wanted.size === 0) return indexes;
  const hashes = await askHashes(commands, wanted);
  return new Map(
    [...indexes].map(([name, entries]) => [
      name,
      entries.map((entry) => addHash(entry, hashes.get(joinPath(parseIndexName(name), entry.path)))),
    ]),
  );
}

/** Paths relative to `<base>/artifacts`. */
function findUnknown(comparisons: readonly Comparison[], indexes: Indexes): Map<BytePath, FileEntry> {
  const wanted = new Map<BytePath, FileEntry>();
  for (const { entries, names } of comparisons) {
    const sent = new Set(names.length === 0 ? [] : entries.filter(isFile).map(renderShape));
    for (const name of names) {
      for (const entry of indexes.get(name) ?? []) {
        if (!isFile(entry) || entry.sha256 !== undefined || entry.sizeBytes === 0) continue;
        if (sent.has(renderShape(entry))) wanted.set(joinPath(parseIndexName(name), entry.path), entry);
      }
    }
  }
  return wanted;
}

async function askHashes(
  commands: TargetCommands,
  wanted: ReadonlyMap<BytePath, FileEntry>,
): Promise<Map<BytePath, string>> {
  const bytes = [...wanted.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const request = {
    script: HASH_FILES,
    staging: "-",
    words: [commands.chooseHashProgram(bytes)],
    stdin: [...wanted.keys()].map((path) => `${escapeWord(path)}\n`).join(""),
    bytes,
  };
  const { stdout } = await persist(async () => commands.run(request), insist(commands.limit));
  const lines = stdout.split("\n");
  return new Map(
    [...wanted.keys()].flatMap((path, index): [BytePath, string][] => {
      const line = lines[index] ?? "";
      return /^[0-9a-f]{64}$/.test(line) ? [[path, line.slice(0, HASH_CHARACTERS)]] : [];
    }),
  );
}

function addHash(entry: TreeEntry, sha256: string | undefined): TreeEntry {
  return isFile(entry) && sha256 !== undefined ? { ...entry, sha256 } : entry;
}

function isFile(entry: TreeEntry): entry is FileEntry {
  return entry.kind === "file";
}

function renderShape({ sizeBytes, mode }: FileEntry): string {
  return `${sizeBytes} ${mode}`;
}
