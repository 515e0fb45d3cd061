// The indexes of what is published: every file with its SHA-256, save large ones, so that a later push can share it.
import type { Packer } from "../pack/packer.ts";
import { BUNDLE_BYTES } from "../pack/plan-parcels.ts";
import type { TreeEntry } from "../tree/tree-entry.ts";
import { renderIndex } from "../tree/tree-index.ts";
import { isStoreItem, placeInGroup, type PushGroup, type Tree } from "./group-items.ts";
import { nameItemIndex } from "./list-trees.ts";
import type { PushPlan } from "./plan-push.ts";
import type { FileHashes } from "./send-parcels.ts";

/** What is known of the files' contents. */
export interface KnownHashes {
  readonly packer: Packer;
  readonly hashes: FileHashes;
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

async function hashEntries(group: PushGroup, tree: Tree, { hashes, packer }: KnownHashes): Promise<TreeEntry[]> {
  const hashed = tree.entries.map((entry) => {
    const sha256 = hashes.get(`${group.number}/${placeInGroup(group, tree, entry.path)}`);
    return entry.kind === "file" && sha256 !== undefined ? { ...entry, sha256 } : entry;
  });
  return hashed.some(isUnknown) ? hashAgain(tree, hashed, packer) : hashed;
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

/** Large files are hashed when another push has one of the same name and size, and then there. */
function isUnknown(entry: TreeEntry): boolean {
  if (entry.kind !== "file" || entry.sha256 !== undefined) return false;
  return entry.sizeBytes > 0 && entry.sizeBytes <= BUNDLE_BYTES;
}
