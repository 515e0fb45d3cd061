// Lists what is to be sent and finds what of it the target has under another name.
import type { Packer } from "../pack/packer.ts";
import type { TargetFacts } from "../target-facts.ts";
import { matchContent } from "../tree/match-content.ts";
import type { BytePath, TreeEntry } from "../tree/tree-entry.ts";
import { parseIndexes, renderIndexName } from "../tree/tree-index.ts";
import { isStoreItem, type Tree } from "./group-items.ts";
import { hashThere } from "./hash-there.ts";
import type { PushItem } from "./push-item.ts";
import type { TargetCommands } from "./target-commands.ts";

const ARTIFACTS = "artifacts/";
const STORE = "store%";
/** The hash of a store path's name, and the dash after it. */
const HASH_LENGTH = 33;

/** Lists every item; only where the target has something of the same name are files hashed beforehand. */
export async function listTrees(
  { packer, commands, facts }: { packer: Packer; commands: TargetCommands; facts: TargetFacts },
  items: readonly PushItem[],
): Promise<Tree[]> {
  const indexes = facts.canLink ? parseIndexes(facts.indexes) : new Map<string, TreeEntry[]>();
  const byName = Map.groupBy(indexes.keys(), nameWithoutHash);
  const links = new Map<BytePath, number>();
  const scanned = items.map(async (item) => {
    const names = findCandidates(item, indexes, byName);
    const hash = names.length > 0;
    const { source, only } = item;
    const entries = await packer.scan({
      source,
      ...(only === undefined ? {} : { only }),
      isStore: isStoreItem(item),
      hash,
    });
    return { item, entries, names };
  });
  const listed = await Promise.all(scanned);
  const known = await hashThere(commands, listed, indexes);
  return listed.map(({ item, entries, names }) => {
    const there = new Map(names.map((name) => [name, known.get(name) ?? []]));
    return { item, entries, existing: names.length === 0 ? new Map() : matchContent(entries, there, links) };
  });
}

/** Names the index of an item, which only what is shared later has: store paths, and what is replaced as a whole. */
export function nameItemIndex(item: PushItem): string | undefined {
  const { destination, replaces } = item;
  if (!/^artifacts\/[^/]+\/[^/]+$/.test(destination)) return undefined;
  if (!isStoreItem(item) && replaces !== true) return undefined;
  return renderIndexName(destination.slice(ARTIFACTS.length));
}

function findCandidates(
  item: PushItem,
  indexes: ReadonlyMap<string, unknown>,
  byName: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const name = nameItemIndex(item);
  if (name === undefined) return [];
  const alike = name.startsWith(STORE) ? (byName.get(nameWithoutHash(name)) ?? []) : [];
  return indexes.has(name) && !alike.includes(name) ? [name, ...alike] : alike;
}

function nameWithoutHash(name: string): string {
  return name.startsWith(STORE) ? name.slice(STORE.length + HASH_LENGTH) : `/${name}`;
}
