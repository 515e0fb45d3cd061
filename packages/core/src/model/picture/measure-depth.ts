import type { PictureCluster, PictureEdge, PictureNode } from "./picture.ts";

/** Counts the nodes on the longest path of arrows; one from or to a cluster is one from or to every node in it. */
export function measureDepth(
  nodes: readonly PictureNode[],
  edges: readonly PictureEdge[],
  clusters: readonly PictureCluster[],
): number {
  const places = [...clusters, ...nodes];
  const next = Map.groupBy(edges, (edge) => edge.from);
  const around = new Map(places.map(({ id, cluster }) => [id, cluster]));
  const inside = Map.groupBy(places, (place) => place.cluster);
  const depths = new Map<string, number>();
  const visit = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const content = inside.get(id) ?? [];
    const own = content.length === 0 ? 1 : 0;
    // Known from the start, so that stages that feed each other end here.
    depths.set(id, own);
    let longest = Math.max(0, ...content.map((place) => visit(place.id)));
    for (let from = own === 0 ? undefined : id; from !== undefined; from = around.get(from)) {
      for (const edge of next.get(from) ?? []) longest = Math.max(longest, visit(edge.to));
    }
    depths.set(id, own + longest);
    return own + longest;
  };
  return Math.max(0, ...nodes.map(({ id }) => visit(id)));
}
