// The indexes of what is published: every file with its SHA-256, so that a later push can share it.
import type { Packer } from "../pack/packer.ts";
import type { BytePath, TreeEntry } from "../tree/tree-entry.ts";
import { renderIndex } from "../tree/tree-index.ts";
import { isStoreItem, placeInGroup, type PushGroup, type Tree } from "./group-items.ts";
import type { SlicedFiles } from "./large-files.ts";
import { nameItemIndex } from "./list-trees.ts";
import type { PushPlan } from "./plan-push.ts";
import type { FileHashes } from "./send-parcels.ts";

/** What is known of the files' contents. */
export interface KnownHashes {
  readonly packer: Packer;
  readonly hashes: FileHashes;
  readonly files: SlicedFiles;
}

/** Renders the index of each tree that has one, by its name. */
export async function renderIndexes(plan: PushPlan, known: KnownHashes): Promise<Map<string, string>> {
  const indexes = new Map<string, string>();
  for (const group of plan.groups) {
    for (const tree of group.trees) {
      const name = nameItemIndex(tree.item);
      if (name !== undefined) indexes.set(name, renderIndex(await hashEntries(group, tree, known)));
    }
  }
  return indexes;
}

async function hashEntries(group: PushGroup, tree: Tree, known: KnownHashes): Promise<TreeEntry[]> {
  const hashed: TreeEntry[] = [];
  for (const entry of tree.entries) {
    const sha256 = entry.kind === "file" ? await findHash(group, tree, entry.path, known) : undefined;
    hashed.push(entry.kind === "file" && sha256 !== undefined ? { ...entry, sha256 } : entry);
  }
  return hashed.some(isUnknown) ? hashAgain(tree, hashed, known.packer) : hashed;
}

async function findHash(
  group: PushGroup,
  tree: Tree,
  path: BytePath,
  { hashes, files }: KnownHashes,
): Promise<string | undefined> {
  const place = placeInGroup(group, tree, path);
  return hashes.get(`${group.number}/${place}`) ?? (await files.find(group.number, place)?.readHash());
}

/**
 * What an earlier push sent was not read by this one. A store's files are still the same; of others nobody knows, and
 * what has no hash is not shared.
 */
async function hashAgain({ item }: Tree, entries: readonly TreeEntry[], packer: Packer): Promise<TreeEntry[]> {
  if (!isStoreItem(item)) return [...entries];
  const { source, only } = item;
  const again = await packer.scan({ source, ...(only === undefined ? {} : { only }), isStore: true, hash: true });
  const known = new Map(again.map((entry) => [entry.path, entry]));
  return entries.map((entry) => {
    const found = isUnknown(entry) ? known.get(entry.path) : undefined;
    return found?.kind === "file" ? found : entry;
  });
}

function isUnknown(entry: TreeEntry): boolean {
  return entry.kind === "file" && entry.sizeBytes > 0 && entry.sha256 === undefined;
}
