import type { Picture, PictureCluster, PictureNode } from "./picture.ts";

/** A cluster or a node. */
export type Place = PictureCluster | PictureNode;

/** Groups clusters and nodes by the id of the cluster that they lie in; those in none by the empty text. */
export function nestPlaces(picture: Picture): ReadonlyMap<string, readonly Place[]> {
  return Map.groupBy<string, Place>([...picture.clusters, ...picture.nodes], (place) => place.cluster ?? "");
}

/** Tells clusters from nodes. */
export function isCluster(place: Place): place is PictureCluster {
  return place.kind === "group" || place.kind === "run" || place.kind === "scatter-gather";
}
