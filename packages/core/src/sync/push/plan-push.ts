// Plans the parcels of a push. A submission is planned apart: it is another one on each run, and would else give all
// parcels other ids, so that nothing of a killed push could be used again.
import type { Encoding, PackEntry, Parcel } from "../pack/parcel.ts";
import { planParcels, type LargeFile, type PackItem } from "../pack/plan-parcels.ts";
import type { TargetFacts } from "../target-facts.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import { groupTrees, isSubmissionGroup, listEntries, placeInGroup, type PushGroup, type Tree } from "./group-items.ts";

/** What a push does. */
export interface PushPlan {
  /** The target's best decoder. */
  readonly encoding: Encoding;
  readonly groups: readonly PushGroup[];
  /** Group number to what its paths are relative to. */
  readonly sources: ReadonlyMap<number, string>;
  readonly parcels: readonly Parcel[];
  readonly closing: readonly PackEntry[];
  readonly largeFiles: readonly LargeFile[];
  readonly sizeBytes: number;
  readonly files: number;
  readonly linkedFiles: number;
  /** Of all but submissions. */
  readonly planId: string;
  /** Whether there is something but submissions, which alone would all have the same plan. */
  readonly hasContent: boolean;
}

/** Plans; without `canLink` everything is sent. */
export function planPush(
  trees: readonly Tree[],
  { canLink, decoders }: Pick<TargetFacts, "canLink" | "decoders">,
): PushPlan {
  const groups = groupTrees(canLink ? trees : trees.map((tree) => ({ ...tree, existing: new Map() })));
  const items = groups.map(makeItem);
  const [encoding = "none"] = decoders;
  const submissions = new Set(groups.filter(isSubmissionGroup).map(({ number }) => number));
  const content = planParcels(
    items.filter(({ number }) => !submissions.has(number)),
    encoding,
  );
  const own = planParcels(
    items.filter(({ number }) => submissions.has(number)),
    encoding,
  );
  return {
    encoding,
    groups,
    sources: new Map(groups.map(({ number, source }) => [number, source])),
    parcels: [...content.parcels, ...own.parcels],
    closing: [...content.closing, ...own.closing],
    largeFiles: [...content.largeFiles, ...own.largeFiles],
    sizeBytes: content.sizeBytes + own.sizeBytes,
    files: content.files + own.files,
    linkedFiles: items.reduce((total, { existing }) => total + existing.size, 0),
    planId: content.planId,
    hasContent: content.parcels.length > 0,
  };
}

function makeItem(group: PushGroup): PackItem {
  const { number, folder, name } = group;
  const existing = new Map(
    group.trees.flatMap((tree) =>
      [...tree.existing].map(([path, there]): [BytePath, BytePath] => [placeInGroup(group, tree, path), there]),
    ),
  );
  const destination = name === undefined ? folder : `${folder}/${name}`;
  return { number, destination, entries: listEntries(group), existing };
}
